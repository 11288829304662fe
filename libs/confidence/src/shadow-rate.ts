import { Fault } from '@spillway/contracts/fault';
import { binOf } from './early-warning.js';
import { LEAST_RATE } from './shadow-sample.js';

/** How the rate of the shadow sample follows the probability of an error. */
interface ShadowRates {
  readonly scale: number;
  /** No row is sampled at less. */
  readonly floor: number;
}

/**
 * Also rows that are said to be surely right are looked at: the probability may be what is wrong. This much costs a tenth
 * of the sharpness where the probabilities say nothing, and gains up to a third where they are right.
 */
const DOUBT = 0.01;

/**
 * The rate for a row whose answer is wrong with this probability, as calibrated: it grows with the standard deviation of
 * the outcome, √(p (1 - p)), which makes the estimate of the error sharpest for a number of labels (Neyman 1934). A
 * wrong probability costs sharpness, never validity.
 */
export function shadowRate({ scale, floor }: ShadowRates, errorProbability: number): number {
  const spread = Math.sqrt(errorProbability * (1 - errorProbability) + DOUBT);
  return Math.min(1, Math.max(floor, scale * spread));
}

/** Earlier accepted rows whose answers are wrong with this probability. */
export interface LikelyErrors {
  readonly probability: number;
  readonly rows: number;
}

/**
 * Rates that sample a share `rate` of rows with these error probabilities.
 *
 * @throws Fault `rejected` without rows, or unless {@link LEAST_RATE} <= floor <= rate <= 1
 */
export function fitShadowRates(
  errors: readonly LikelyErrors[],
  rate: number,
  floor: number = LEAST_RATE,
): ShadowRates {
  const all = errors.reduce((sum, { rows }) => sum + rows, 0);
  if (all === 0) throw new Fault('rejected', 'rates cannot be fitted to no rows');
  if (!(floor >= LEAST_RATE && floor <= rate && rate <= 1)) {
    throw new Fault('rejected', `shadow rates need ${LEAST_RATE} <= floor ${floor} <= rate ${rate} <= 1`);
  }
  const meanRate = (scale: number) =>
    errors.reduce((sum, { probability, rows }) => sum + rows * shadowRate({ scale, floor }, probability), 0) /
    all;
  let low = 0;
  let high = 1 / Math.sqrt(DOUBT);
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2;
    if (meanRate(middle) < rate) low = middle;
    else high = middle;
  }
  return { scale: high, floor };
}

/**
 * The rate for each bin of calibrated scores, so that a share `rate` of the accepted rows is sampled where the scores are
 * spread as these: rows of one bin share one rate, so that few different ones have to be told apart later.
 *
 * @param scores rows by score, in bins of equal width over 0 to 1
 * @param threshold from which on rows are accepted
 * @throws Fault `rejected` where no row is accepted, or unless {@link LEAST_RATE} <= rate <= 1
 */
export function ratesByScore(scores: readonly number[], threshold: number, rate: number): readonly number[] {
  const probabilityOf = (bin: number) => 1 - (bin + 0.5) / scores.length;
  const least = binOf(threshold, scores.length);
  const accepted = scores.map((rows, bin) => ({
    probability: probabilityOf(bin),
    rows: bin < least ? 0 : rows,
  }));
  const rates = fitShadowRates(accepted, rate);
  return scores.map((_, bin) => shadowRate(rates, probabilityOf(bin)));
}

/** The lowest rate at which accepted rows are sampled: what a label weighs is measured against it. */
export const leastRate = (rates: readonly number[], threshold: number): number =>
  Math.min(...rates.slice(binOf(threshold, rates.length)));
