import type { Evidence } from './evidence.js';
import { sigmoid } from './log-odds.js';
import { logLoss } from './metrics.js';
import { type Claim, labelsNeeded } from './planner.js';
import { applyPlatt, fitPlatt } from './platt.js';
import { type Passed, spread, type Tier, tiersOf } from './thresholds.js';

/** Where a certification should start, and how many labels it needs for four chances in five. */
export interface LabelPlan {
  readonly threshold: number;
  readonly coverage: number;
  /** Best estimate of the share of wrong answers among those accepted there. */
  readonly risk: number;
  readonly labels: number;
}

/** So many thresholds, evenly spread, stand for all of them. */
const LOOKS = 400;

/**
 * Two ways in which the logit of being right rises from the lowest rank (0) to the highest (1), as steep as usual: evenly,
 * and more and more, as where the score knows the surest answers for certain.
 */
const RISES: readonly ((rank: number) => number)[] = [
  (rank) => 5 * (rank - 0.5),
  (rank) => 1.5 * (-Math.log(1 - rank) - 1),
];

/** How many answers the curve counts for against the counts at a threshold. */
const CURVE_WEIGHT = 60;

/**
 * The cheapest certification that would pay. Its risk comes from the counts at each threshold, held near a logistic curve of
 * wrong answers over the rank of their score: the luckiest of many small counts is too good to be true. Undefined without
 * rows.
 */
export function bestPlan(evidence: Evidence): LabelPlan | undefined {
  const { claim, rows, floor } = evidence;
  let least = Number.POSITIVE_INFINITY;
  let best: Omit<LabelPlan, 'labels'> | undefined;
  for (const { threshold, accepted, risk } of riskCurve(evidence)) {
    const coverage = accepted / rows;
    const effort = roughEffort(claim, risk) / coverage;
    if (coverage < floor || (best !== undefined && effort >= least)) continue;
    least = effort;
    best = { threshold, coverage, risk };
  }
  return best && { ...best, labels: labelsNeeded({ ...claim, ...best }) };
}

/** Thresholds, each with the best estimate of the share of wrong answers among those that it accepts. */
function riskCurve({ thresholds, rows }: Evidence): readonly (Passed & { readonly risk: number })[] {
  if (rows === 0) return [];
  const tiers = tiersOf(thresholds);
  const right = new Array<boolean>(rows).fill(false);
  for (const { from, to, wrong } of tiers) right.fill(true, from + wrong, to);
  const curve = fittedCurve(tiers, right);
  let wrong = 0;
  const risks = tiers.map((tier) => {
    wrong += (tier.to - tier.from) * (1 - (curve[tier.from] as number));
    const risk = (tier.errors + (CURVE_WEIGHT * wrong) / tier.to) / (tier.to + CURVE_WEIGHT);
    return { ...tier, risk };
  });
  return spread(risks, LOOKS);
}

/** For each place in the ranking the chance of being right, by the rise that fits the outcomes better. */
function fittedCurve(tiers: readonly Tier[], right: readonly boolean[]): Float64Array {
  const curves = RISES.map((rise) => {
    const places = new Float64Array(right.length);
    for (const { from, to } of tiers) {
      places.fill(sigmoid(rise(1 - (from + to) / 2 / right.length)), from, to);
    }
    const fitted = fitPlatt(places, right);
    const curve = places.map((place) => applyPlatt(fitted, place));
    return { curve, loss: logLoss(curve, right) };
  });
  return curves.reduce((best, one) => (one.loss < best.loss ? one : best)).curve;
}

/** Accepted answers that a test by the normal distribution would need: good enough to compare thresholds by. */
function roughEffort({ target }: Claim, risk: number): number {
  if (risk >= target) return Number.POSITIVE_INFINITY;
  const deviations = 1.6449 * Math.sqrt(target * (1 - target)) + 0.8416 * Math.sqrt(risk * (1 - risk));
  return (deviations / (target - risk)) ** 2;
}
