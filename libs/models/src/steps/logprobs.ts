import type { Token } from '../language-model.js';
import type { Span } from './json-spans.js';

/** The tokens of an answer, laid over the bytes of its text. */
export interface AlignedTokens {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Where each token starts, in bytes of the text; can be negative or past the end for what is not part of it. */
  readonly starts: readonly number[];
}

/**
 * Lays tokens over the text they make up. Endpoints trim a space or add an end mark, so one may be longer than the
 * other; where neither holds the other there is no telling what belongs where: undefined.
 */
export function align(text: string, tokens: readonly Token[]): AlignedTokens | undefined {
  const whole = Buffer.from(text);
  const spoken = Buffer.concat(tokens.map((token) => token.bytes));
  if (spoken.length === 0) return undefined;
  const ahead = spoken.indexOf(whole);
  const behind = ahead < 0 ? whole.indexOf(spoken) : 0;
  if (ahead < 0 && behind < 0) return undefined;
  let at = behind - Math.max(0, ahead);
  const starts = tokens.map((token) => {
    const start = at;
    at += token.bytes.length;
    return start;
  });
  return { text, tokens, starts };
}

interface PlacedToken {
  readonly token: Token;
  /** Bytes of the token before the span, such as an opening quote. */
  readonly lead: number;
  readonly overlap: number;
}

/**
 * The tokens that a value consists of. A token that also holds structure (`":"`) counts where half of its bytes or more
 * are the value's; where none does, the one that holds most of the value.
 */
function placedIn(aligned: AlignedTokens, span: Span): readonly PlacedToken[] {
  const start = Buffer.byteLength(aligned.text.slice(0, span.start));
  const end = start + Buffer.byteLength(aligned.text.slice(span.start, span.end));
  const touching = aligned.tokens.flatMap((token, index) => {
    const from = aligned.starts[index] ?? 0;
    const overlap = Math.min(end, from + token.bytes.length) - Math.max(start, from);
    return overlap > 0 ? [{ token, lead: Math.max(0, start - from), overlap }] : [];
  });
  const mostly = touching.filter(({ token, overlap }) => overlap * 2 >= token.bytes.length);
  return mostly.length > 0 ? mostly : touching.toSorted((a, b) => b.overlap - a.overlap).slice(0, 1);
}

/** The probability of the least likely token of a value, 0 to 1; for values where one wrong token is a wrong value. */
export function leastProbability(aligned: AlignedTokens, span: Span): number | undefined {
  const placed = placedIn(aligned, span);
  return placed.length === 0 ? undefined : Math.exp(Math.min(...placed.map(({ token }) => token.logprob)));
}

/**
 * The probability, 0 to 1, that the least likely tenth of a text's tokens stays under: the signal for prose, where the
 * mean drowns what matters in predictable words.
 */
export function lowTenthProbability(aligned: AlignedTokens, span: Span): number | undefined {
  const sorted = placedIn(aligned, span)
    .map(({ token }) => token.logprob)
    .toSorted((a, b) => a - b);
  const tenth = sorted[Math.floor(0.1 * (sorted.length - 1))];
  return tenth === undefined ? undefined : Math.exp(tenth);
}

export interface LabelProbability {
  readonly label: string;
  readonly probability: number;
}

/**
 * How likely each label is, falling, normalised over the labels: the joint probability of the tokens of the one that
 * was written, against what its siblings among the likeliest tokens could have become. A sibling that several labels
 * begin with is shared among them evenly. Empty when the value has no token of its own.
 */
export function labelProbabilities(
  aligned: AlignedTokens,
  span: Span,
  labels: readonly string[],
): readonly LabelProbability[] {
  const mass = new Map<string, number>();
  const add = (matching: readonly string[], probability: number): void => {
    for (const label of matching) mass.set(label, (mass.get(label) ?? 0) + probability / matching.length);
  };
  const placed = placedIn(aligned, span);
  let path = 1;
  let written = '';
  for (const { token, lead, overlap } of placed) {
    const bytes = Buffer.from(token.bytes);
    const whole = bytes.toString();
    const structure = bytes.subarray(0, lead).toString();
    for (const sibling of token.top) {
      if (sibling.text === whole || !sibling.text.startsWith(structure)) continue;
      const continuation = sibling.text.slice(structure.length);
      if (continuation === '') continue;
      add(startingWith(labels, written + continuation), path * Math.exp(sibling.logprob));
    }
    path *= Math.exp(token.logprob);
    written += bytes.subarray(lead, lead + overlap).toString();
  }
  if (placed.length === 0) return [];
  add([aligned.text.slice(span.start, span.end)], path);
  const total = [...mass.values()].reduce((sum, each) => sum + each, 0);
  return [...mass]
    .map(([label, each]) => ({ label, probability: total === 0 ? 0 : each / total }))
    .toSorted((a, b) => b.probability - a.probability);
}

/** The labels that a beginning can become; one with a closing quote is a whole label already. */
function startingWith(labels: readonly string[], beginning: string): readonly string[] {
  const quote = beginning.indexOf('"');
  const whole = quote < 0 ? undefined : beginning.slice(0, quote);
  return labels.filter((label) => (whole === undefined ? label.startsWith(beginning) : label === whole));
}
