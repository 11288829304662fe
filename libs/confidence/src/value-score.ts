import { type AlignedTokens, addsUpPastOne, type PlacedToken, tokensIn } from './aligned-tokens.js';
import type { Span } from './json-spans.js';
import { floored, type Score } from './score.js';
import { quantile } from './text-score.js';

/**
 * How sure a model is of a value in which one wrong token is a wrong value: an identifier, a number, a date, one of a
 * closed set. `raw` is the probability of its least likely token.
 *
 * Features: `low_tenth` (log-probability that a tenth of the tokens stay under), `mean` and `sum` of the log-probabilities,
 * `tokens`, and `first_gap` (how much likelier the first token was than any other there, where the endpoint lists others).
 * No `raw` where the value has no token of its own, or, with `past_one` set, where the probabilities are none.
 */
export function valueScore(aligned: AlignedTokens, span: Span): Score {
  const placed = tokensIn(aligned, span);
  if (placed.length === 0) return { features: {} };
  const logprobs = placed.map(({ token }) => floored(token.logprob));
  const sum = logprobs.reduce((total, each) => total + each, 0);
  const gap = gapOf(placed[0] as PlacedToken);
  const features = {
    low_tenth: quantile(logprobs, 0.1),
    mean: sum / logprobs.length,
    sum,
    tokens: logprobs.length,
    ...(gap === undefined ? {} : { first_gap: gap }),
  };
  if (placed.some(({ token }) => addsUpPastOne(token))) return { features: { ...features, past_one: 1 } };
  return { raw: Math.exp(Math.min(...placed.map(({ token }) => token.logprob))), features };
}

function gapOf({ token }: PlacedToken): number | undefined {
  const own = Buffer.from(token.bytes).toString();
  const others = token.top.filter(({ text }) => text !== own).map(({ logprob }) => logprob);
  return others.length === 0 ? undefined : Math.exp(token.logprob) - Math.exp(Math.max(...others));
}

/** What is least among the values of one answer: of each feature the least, counts and sums added up. */
export function leastOf(scores: readonly Score[]): Score {
  const names = new Set(scores.flatMap(({ features }) => Object.keys(features)));
  const features = Object.fromEntries(
    [...names].map((name) => {
      const values = scores.flatMap((score) => score.features[name] ?? []);
      const added = name === 'sum' || name === 'tokens';
      return [name, added ? values.reduce((sum, each) => sum + each, 0) : Math.min(...values)];
    }),
  );
  const raws = scores.flatMap(({ raw }) => raw ?? []);
  return raws.length === 0 || raws.length < scores.length
    ? { features }
    : { raw: Math.min(...raws), features };
}
