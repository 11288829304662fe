import { type AlignedTokens, addsUpPastOne, type PlacedToken, tokensIn } from './aligned-tokens.js';
import type { Span } from './json-spans.js';
import type { Features, Score } from './score.js';

/** How an answer may write each label: its name, or a code for it. Spelling to label; not changed once it was used. */
export type Spellings = ReadonlyMap<string, string>;

export interface LabelProbability {
  readonly label: string;
  readonly probability: number;
}

export interface LabelScore extends Score {
  /** Falling, normalised over the labels that were seen; empty where the value has no token of its own. */
  readonly probabilities: readonly LabelProbability[];
}

/** Under this the model wanted to say something else than any label. */
const LEAST_MASS = 0.5;
/** Over this it was tempted to. */
const MOST_OUTSIDE = 0.1;

/**
 * Whether over a tenth of the probability lay outside of the labels, those counted in that no list shows; undefined where
 * the features do not tell. Long before answers go wrong, a share of these that grows tells of texts that no label fits.
 */
export const outsideLabels = ({
  label_mass: mass,
  unlisted_bound: unlisted = 0,
}: Features): boolean | undefined => (mass === undefined ? undefined : mass + unlisted < 1 - MOST_OUTSIDE);

/**
 * How sure a model is of the label that it wrote at `span`, among a closed set.
 *
 * The probability of a label is that of its tokens, of a sibling what it could have become: one that several labels begin
 * with is shared among them evenly. `raw` is the written label's share of all labels, those counted in that no list of
 * the likeliest tokens shows, as far as they can have any.
 *
 * Features: `label_mass` (of all labels together, before normalising), `runner_up` and `margin` (the second label's
 * probability and its distance from the first), `entropy` in nats, `unlisted` (share of the labels that no list shows) and
 * `unlisted_bound` (what they can have at most, together).
 *
 * There is no `raw`, and a feature of 1 says why: `low_mass`, the model wanted to say something else; `not_likeliest`,
 * another label was likelier than the one written; `past_one`, the probabilities are none.
 */
export function labelScore(aligned: AlignedTokens, span: Span, spellings: Spellings): LabelScore {
  const placed = tokensIn(aligned, span);
  if (placed.length === 0) return { probabilities: [], features: {} };
  const masses = massesOf(aligned, span, spellings, placed);
  const mass = [...masses.values()].reduce((sum, each) => sum + each, 0);
  const unlisted = unlistedIn(placed[0] as PlacedToken, indexOf(spellings).labels, masses.size);
  const probabilities = [...masses]
    .map(([label, each]) => ({ label, probability: mass === 0 ? 0 : each / mass }))
    .toSorted((a, b) => b.probability - a.probability);
  const text = aligned.text.slice(span.start, span.end);
  const written = spellings.get(text) ?? text;
  const features = {
    label_mass: mass,
    ...spreadOf(probabilities),
    unlisted: unlisted.share,
    unlisted_bound: unlisted.bound,
  };
  const doubts: Features = {
    ...(mass + unlisted.bound < LEAST_MASS ? { low_mass: 1 } : {}),
    ...((masses.get(written) ?? 0) < Math.max(...masses.values()) ? { not_likeliest: 1 } : {}),
    ...(placed.some(({ token }) => addsUpPastOne(token)) ? { past_one: 1 } : {}),
  };
  if (Object.keys(doubts).length > 0) return { probabilities, features: { ...features, ...doubts } };
  return { probabilities, features, raw: (masses.get(written) ?? 0) / (mass + unlisted.bound) };
}

function massesOf(
  aligned: AlignedTokens,
  span: Span,
  spellings: Spellings,
  placed: readonly PlacedToken[],
): ReadonlyMap<string, number> {
  const masses = new Map<string, number>();
  const add = (labels: readonly string[], probability: number): void => {
    for (const label of labels) masses.set(label, (masses.get(label) ?? 0) + probability / labels.length);
  };
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
      add(startingWith(spellings, written + continuation), path * Math.exp(sibling.logprob));
    }
    path *= Math.exp(token.logprob);
    written += bytes.subarray(lead, lead + overlap).toString();
  }
  const text = aligned.text.slice(span.start, span.end);
  add([spellings.get(text) ?? text], path);
  return masses;
}

/** The labels that a beginning can become, each once; one with a closing quote is a whole spelling already. */
function startingWith(spellings: Spellings, beginning: string): readonly string[] {
  const quote = beginning.indexOf('"');
  if (quote < 0) return indexOf(spellings).byBeginning.get(beginning) ?? [];
  const label = spellings.get(beginning.slice(0, quote));
  return label === undefined ? [] : [label];
}

interface LabelIndex {
  readonly byBeginning: ReadonlyMap<string, readonly string[]>;
  readonly labels: number;
}

/** A step has the same spellings for as long as its pack is loaded, and asks for each of the likeliest tokens. */
const indexes = new WeakMap<Spellings, LabelIndex>();

function indexOf(spellings: Spellings): LabelIndex {
  const known = indexes.get(spellings);
  if (known !== undefined) return known;
  const byBeginning = new Map<string, Set<string>>();
  for (const [spelling, label] of spellings) {
    for (let end = 0; end <= spelling.length; end += 1) {
      const beginning = spelling.slice(0, end);
      byBeginning.set(beginning, (byBeginning.get(beginning) ?? new Set()).add(label));
    }
  }
  const index = {
    byBeginning: new Map(Array.from(byBeginning, ([beginning, labels]) => [beginning, [...labels]])),
    labels: new Set(spellings.values()).size,
  };
  indexes.set(spellings, index);
  return index;
}

/** What a label has that the first token's list does not show is at most what the last of the list has. */
function unlistedIn({ token }: PlacedToken, labels: number, seen: number): { share: number; bound: number } {
  const own = Buffer.from(token.bytes).toString();
  const others = token.top.filter(({ text }) => text !== own).map(({ logprob }) => Math.exp(logprob));
  const listed = [Math.exp(token.logprob), ...others];
  const rest = Math.max(0, 1 - listed.reduce((sum, each) => sum + each, 0));
  const missing = Math.max(0, labels - seen);
  // Alone in its list the chosen token says nothing of how likely the next one is.
  const each = others.length === 0 ? rest : Math.min(...listed);
  return { share: missing / labels, bound: Math.min(rest, missing * each) };
}

function spreadOf(probabilities: readonly LabelProbability[]): Features {
  const first = probabilities[0]?.probability ?? 0;
  const second = probabilities[1]?.probability ?? 0;
  const entropy = probabilities.reduce(
    (sum, { probability: each }) => (each > 0 ? sum - each * Math.log(each) : sum),
    0,
  );
  return { runner_up: second, margin: first - second, entropy };
}
