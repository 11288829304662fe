import { Fault } from '@spillway/contracts/fault';

/** ln(p / (1 - p)), with p kept a little away from 0 and 1 so that it stays finite. */
export function logit(probability: number): number {
  const inside = Math.min(1 - 1e-7, Math.max(1e-7, probability));
  return Math.log(inside / (1 - inside));
}

/** The inverse of {@link logit}: 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

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

/**
 * How strongly both calibrations are held near changing nothing, as a quadratic penalty of 5/2 on the slope's distance
 * from 1 and on the logarithm of the temperature. Without errors to learn from nothing says which confidences deserve
 * less, and those given should keep their distances. Some hundred outcomes outweigh it.
 */
const HOLD = 5;

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

/** σ(intercept + slope · logit(p)); slope is never negative, so the order of confidences is kept. */
export interface Platt {
  readonly intercept: number;
  readonly slope: number;
}

/** The calibrated probability for a raw one. */
export function applyPlatt({ intercept, slope }: Platt, probability: number): number {
  return sigmoid(intercept + slope * logit(probability));
}

/**
 * Platt scaling on the logit of raw confidences (Platt 1999, "Probabilistic Outputs for Support Vector Machines"):
 * logistic regression of `right` on logit(confidence) with the targets (n₁+1)/(n₁+2) and 1/(n₀+2) instead of 1 and 0,
 * which keeps it finite when all are right, and with a slope held near 1, so that few outcomes or none wrong leave the
 * order and the distances of confidences alone. A slope that would turn the order around becomes 0. Meant for up to some
 * thousand outcomes; beyond, something that follows the shape of the curve does better.
 *
 * @throws Fault `rejected` without any outcomes
 */
export function fitPlatt(confidences: ArrayLike<number>, right: ArrayLike<boolean>): Platt {
  const count = confidences.length;
  if (count === 0) throw new Fault('rejected', 'a calibration cannot be fitted to no outcomes');
  const xs = Float64Array.from(confidences, logit);
  let positives = 0;
  for (let at = 0; at < count; at += 1) positives += right[at] ? 1 : 0;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (count - positives + 2);
  const targets = Float64Array.from(xs, (_, at) => (right[at] ? high : low));
  const fitted = newton(xs, targets);
  if (fitted.slope >= 0) return fitted;
  return { intercept: logit(targets.reduce((sum, one) => sum + one, 0) / count), slope: 0 };
}

/** Logistic regression on one number by Newton's method, steps halved while they do not lower the loss. */
function newton(xs: Float64Array, targets: Float64Array): Platt {
  let best = { intercept: 0, slope: 1 };
  let loss = plattLoss(xs, targets, best);
  for (let round = 0; round < 100; round += 1) {
    const step = newtonStep(xs, targets, best);
    let scale = 1;
    let next = best;
    let nextLoss = Number.POSITIVE_INFINITY;
    for (; scale > 1e-6 && !(nextLoss < loss); scale /= 2) {
      next = {
        intercept: best.intercept + scale * step.intercept,
        slope: best.slope + scale * step.slope,
      };
      nextLoss = plattLoss(xs, targets, next);
    }
    if (!(nextLoss < loss)) return best;
    const gain = loss - nextLoss;
    best = next;
    loss = nextLoss;
    if (gain < 1e-12 * xs.length) return best;
  }
  return best;
}

function plattLoss(xs: Float64Array, targets: Float64Array, { intercept, slope }: Platt): number {
  let loss = 0.5 * HOLD * (slope - 1) ** 2;
  for (let at = 0; at < xs.length; at += 1) {
    const z = intercept + slope * (xs[at] as number);
    // ln(1 + e^z) - t·z without overflow.
    loss += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - (targets[at] as number) * z;
  }
  return loss;
}

function newtonStep(xs: Float64Array, targets: Float64Array, { intercept, slope }: Platt): Platt {
  let [g0, g1, h00, h01, h11] = [0, HOLD * (1 - slope), 1e-9, 0, HOLD];
  for (let at = 0; at < xs.length; at += 1) {
    const x = xs[at] as number;
    const p = sigmoid(intercept + slope * x);
    const error = (targets[at] as number) - p;
    const weight = p * (1 - p);
    g0 += error;
    g1 += error * x;
    h00 += weight;
    h01 += weight * x;
    h11 += weight * x * x;
  }
  const determinant = h00 * h11 - h01 * h01;
  return { intercept: (g0 * h11 - g1 * h01) / determinant, slope: (g1 * h00 - g0 * h01) / determinant };
}
