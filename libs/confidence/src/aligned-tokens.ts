import type { Span } from './json-spans.js';

/** One token of an answer with its probability. */
export interface ScoredToken {
  /** UTF-8 bytes of the token: `text` alone can be half a character. */
  readonly bytes: Uint8Array;
  /** Natural logarithm of its probability. */
  readonly logprob: number;
  /** The likeliest tokens at this place with their log-probabilities, the chosen one included where the endpoint does. */
  readonly top: readonly { readonly text: string; readonly logprob: number }[];
}

/** The tokens of an answer, laid over the bytes of its text. */
export interface AlignedTokens {
  readonly text: string;
  readonly tokens: readonly ScoredToken[];
  /** Where each token starts, in bytes of the text; can be negative or past the end for what is not part of it. */
  readonly starts: readonly number[];
}

/**
 * Lays tokens over the text they make up. Endpoints trim a space or add an end mark, so one may be longer than the
 * other; where neither holds the other there is no telling what belongs where: undefined. A text that was said twice is
 * the later one, as an answer comes after what was thought.
 */
export function align(text: string, tokens: readonly ScoredToken[]): AlignedTokens | undefined {
  const whole = Buffer.from(text);
  const spoken = Buffer.concat(tokens.map((token) => token.bytes));
  if (spoken.length === 0) return undefined;
  const ahead = spoken.lastIndexOf(whole);
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

/** A token of a value. */
export interface PlacedToken {
  readonly token: ScoredToken;
  /** Bytes of the token before the span, such as an opening quote. */
  readonly lead: number;
  /** Bytes of the token inside the span. */
  readonly overlap: number;
}

/**
 * The tokens that a value consists of. A token that also holds structure (`":"`) counts where half of its bytes or more
 * are the value's; where none does, the one that holds most of the value.
 */
export function tokensIn(aligned: AlignedTokens, span: Span): readonly PlacedToken[] {
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

const ROUNDING = 0.02;

/**
 * Whether the likeliest tokens at a place add up to more than one. Some servers check the grammar after they have worked
 * the probabilities out; such numbers are none.
 */
export function addsUpPastOne({ bytes, logprob, top }: ScoredToken): boolean {
  const own = Buffer.from(bytes).toString();
  const probabilities = new Map(top.map((each) => [each.text, Math.exp(each.logprob)]));
  if (!probabilities.has(own)) probabilities.set(own, Math.exp(logprob));
  return [...probabilities.values()].reduce((sum, each) => sum + each, 0) > 1 + ROUNDING;
}
