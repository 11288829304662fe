import { Fault } from '@spillway/contracts/fault';
import { logit, sigmoid } from './log-odds.js';

/**
 * How strongly both calibrations are held near changing nothing, as a quadratic penalty of 5/2 on the slope's distance
 * from 1 and on the logarithm of the temperature. Without errors to learn from nothing says which confidences deserve
 * less, and those given should keep their distances. Some hundred outcomes outweigh it.
 */
export const HOLD = 5;

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
