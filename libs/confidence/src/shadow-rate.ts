import { Fault } from '@spillway/contracts/fault';
import { LEAST_RATE } from './shadow-sample.js';

/** How the rate of the shadow sample follows the probability of an error: plain data, kept for as long as it is in use. */
export interface ShadowRates {
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

/**
 * Rates that sample a share `rate` of rows with these error probabilities.
 *
 * @param errorProbabilities of earlier accepted rows
 * @throws Fault `rejected` without rows, or unless {@link LEAST_RATE} <= floor <= rate <= 1
 */
export function fitShadowRates(
  errorProbabilities: ArrayLike<number>,
  rate: number,
  floor: number = LEAST_RATE,
): ShadowRates {
  if (errorProbabilities.length === 0) throw new Fault('rejected', 'rates cannot be fitted to no rows');
  if (!(floor >= LEAST_RATE && floor <= rate && rate <= 1)) {
    throw new Fault('rejected', `shadow rates need ${LEAST_RATE} <= floor ${floor} <= rate ${rate} <= 1`);
  }
  const meanRate = (scale: number) => {
    let sum = 0;
    for (let at = 0; at < errorProbabilities.length; at += 1) {
      sum += shadowRate({ scale, floor }, errorProbabilities[at] as number);
    }
    return sum / errorProbabilities.length;
  };
  let low = 0;
  let high = 1 / Math.sqrt(DOUBT);
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2;
    if (meanRate(middle) < rate) low = middle;
    else high = middle;
  }
  return { scale: high, floor };
}
