import type { Evidence } from './evidence.js';
import { applyPlatt, fitPlatt, sigmoid } from './log-odds.js';
import { type Claim, labelsNeeded } from './planner.js';
import { type Passed, spread, tiersOf } from './thresholds.js';

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

/** How much the logit of being right rises over the whole ranking, as long as few labels say otherwise. */
const USUAL_RISE = 5;

/**
 * The cheapest certification that would pay. Its risk comes from a logistic curve of wrong answers over the rank of their
 * score and not from the counts at each threshold, because the luckiest of many small counts is too good to be true.
 * Undefined without rows.
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

/** Thresholds, each with the share of wrong answers that the fitted curve gives to what it accepts. */
function riskCurve({ thresholds, rows }: Evidence): readonly (Passed & { readonly risk: number })[] {
  if (rows === 0) return [];
  const tiers = tiersOf(thresholds);
  const places = new Float64Array(rows);
  const right = new Array<boolean>(rows).fill(false);
  for (const { from, to, wrong } of tiers) {
    places.fill(sigmoid(USUAL_RISE * (0.5 - (from + to) / 2 / rows)), from, to);
    right.fill(true, from + wrong, to);
  }
  const curve = fitPlatt(places, right);
  let wrong = 0;
  const risks = tiers.map((tier) => {
    wrong += (tier.to - tier.from) * (1 - applyPlatt(curve, places[tier.from] as number));
    return { ...tier, risk: wrong / tier.to };
  });
  return spread(risks, LOOKS);
}

/** Accepted answers that a test by the normal distribution would need: good enough to compare thresholds by. */
function roughEffort({ target }: Claim, risk: number): number {
  if (risk >= target) return Number.POSITIVE_INFINITY;
  const deviations = 1.6449 * Math.sqrt(target * (1 - target)) + 0.8416 * Math.sqrt(risk * (1 - risk));
  return (deviations / (target - risk)) ** 2;
}
