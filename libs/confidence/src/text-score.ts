import { type AlignedTokens, addsUpPastOne, tokensIn } from './aligned-tokens.js';
import type { Span } from './json-spans.js';
import { floored, type Score } from './score.js';

/** The value that a share of the values stay under, without interpolation. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

/**
 * How sure a model is of prose. `raw` is the probability that the least likely tenth of the tokens stay under: a mean
 * drowns what matters in predictable words, and the least likely of hundreds is low in any text.
 *
 * Features: `least`, `low_tenth`, `low_quarter`, `median` and `mean` of the log-probabilities, and `log_tokens`, the
 * natural logarithm of the number of tokens: length alone rivals some detectors, so a score must show that it knows more.
 */
export function textScore(aligned: AlignedTokens, span: Span): Score {
  const placed = tokensIn(aligned, span);
  if (placed.length === 0) return { features: {} };
  const logprobs = placed.map(({ token }) => floored(token.logprob));
  const features = {
    least: Math.min(...logprobs),
    low_tenth: quantile(logprobs, 0.1),
    low_quarter: quantile(logprobs, 0.25),
    median: quantile(logprobs, 0.5),
    mean: logprobs.reduce((sum, each) => sum + each, 0) / logprobs.length,
    log_tokens: Math.log(logprobs.length),
  };
  if (placed.some(({ token }) => addsUpPastOne(token))) return { features: { ...features, past_one: 1 } };
  return { raw: Math.exp(features.low_tenth), features };
}
