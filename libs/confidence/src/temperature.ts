import { Fault } from '@spillway/contracts/fault';
import { HOLD } from './platt.js';

/** softmax(scores / temperature): probabilities in the order of the scores. Above 1 flattens, below 1 sharpens. */
export function temper(scores: ArrayLike<number>, temperature: number): Float64Array {
  const powers = new Float64Array(scores.length);
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < powers.length; k += 1) top = Math.max(top, scores[k] as number);
  let sum = 0;
  for (let k = 0; k < powers.length; k += 1) {
    const power = Math.exp(((scores[k] as number) - top) / temperature);
    powers[k] = power;
    sum += power;
  }
  for (let k = 0; k < powers.length; k += 1) (powers[k] as number) /= sum;
  return powers;
}

/** Mean of -ln softmax(scores / temperature)[label]. */
function meanLoss(
  scores: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  temperature: number,
): number {
  let loss = 0;
  for (const [at, row] of scores.entries()) {
    const right = (row[labels[at] as number] as number) / temperature;
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < row.length; k += 1) top = Math.max(top, (row[k] as number) / temperature);
    let sum = 0;
    for (let k = 0; k < row.length; k += 1) sum += Math.exp((row[k] as number) / temperature - top);
    loss += top + Math.log(sum) - right;
  }
  return loss / scores.length;
}

/** Temperatures outside are signs of scores that say nothing. */
const COLDEST = 0.05;
const HOTTEST = 20;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The temperature T that makes -Σ ln softmax(scores / T)[label] least (Guo et al. 2017, "On Calibration of Modern Neural
 * Networks"), between 0.05 and 20, held near 1 where there is little to learn from. By golden section over ln T: the loss
 * is convex in 1/T.
 *
 * @throws Fault `rejected` without any scores
 */
export function fitTemperature(scores: readonly ArrayLike<number>[], labels: ArrayLike<number>): number {
  if (scores.length === 0) throw new Fault('rejected', 'a temperature cannot be fitted to no scores');
  let low = Math.log(COLDEST);
  let high = Math.log(HOTTEST);
  const lossAt = (x: number) => meanLoss(scores, labels, Math.exp(x)) + (0.5 * HOLD * x * x) / scores.length;
  let left = high - GOLDEN * (high - low);
  let right = low + GOLDEN * (high - low);
  let [leftLoss, rightLoss] = [lossAt(left), lossAt(right)];
  while (high - low > 1e-3) {
    if (leftLoss <= rightLoss) {
      [high, right, rightLoss] = [right, left, leftLoss];
      left = high - GOLDEN * (high - low);
      leftLoss = lossAt(left);
    } else {
      [low, left, leftLoss] = [left, right, rightLoss];
      right = low + GOLDEN * (high - low);
      rightLoss = lossAt(right);
    }
  }
  return Math.exp((low + high) / 2);
}
