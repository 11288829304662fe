import { upperBound } from './binomial.js';
import { counted } from './counted.js';
import { aboutLabels, type Evidence, labelsToJudge, percent, tooFewToJudge } from './evidence.js';
import { fixedSequence, testOrder } from './fixed-sequence.js';
import { hopeless } from './hopeless.js';
import { bestPlan, type LabelPlan } from './label-plan.js';
import { acceptedAllowing, type Claim, checkClaim } from './planner.js';
import { type Passed, type ScoredRow, thresholdsOf } from './thresholds.js';

export type { Passed, ScoredRow } from './thresholds.js';

export interface CertifyOptions extends Claim {
  /** The threshold at which the walk starts, chosen on older data. */
  readonly start?: number;
  /** Share that must be kept for routing to pay, 0 when unknown. */
  readonly breakEven?: number;
  /** To need more labels is a reason not to route; 250 / target when left out, so 5,000 at 5 %. */
  readonly mostLabels?: number;
}

export type Certification =
  | {
      readonly verdict: 'certified';
      readonly threshold: number;
      readonly accepted: number;
      readonly errors: number;
      readonly upperBound: number;
      readonly coverage: number;
      readonly rows: number;
      /** Every threshold that passed, for the choice by cost. */
      readonly passed: readonly Passed[];
    }
  | NotYet
  | DoNotRoute;

interface NotYet {
  readonly verdict: 'not_yet';
  /** Labels still to gather, in place of these rows when they are spent, else besides them. */
  readonly moreLabels: number;
  /** Whether these rows were tested and failed. To test them again, with others or without, would be a second try. */
  readonly spent: boolean;
  /** Where the walk over fresh rows should start: spent rows are older data, and may choose it. */
  readonly start?: number;
  readonly rows: number;
  readonly reason: string;
}

interface DoNotRoute {
  readonly verdict: 'do_not_route';
  readonly rows: number;
  readonly reason: string;
}

/** Nobody builds a cascade to keep less. */
const LEAST_COVERAGE = 0.01;

/**
 * Finds the lowest threshold at which at most a share `target` of the accepted answers is wrong, by a procedure that errs
 * with chance `delta` at most over the draw of the rows: fixed-sequence testing with the exact binomial test (Angelopoulos
 * et al. 2021, "Learn then Test"). Thresholds are tested from the start downwards until one fails. All that passed hold at
 * the same time, so choosing among them is free.
 *
 * The promise holds for traffic of which the rows are a random sample: one row for each customer thread and each group of
 * near-duplicates, and none that was used before to fit or choose anything. A row whose label is missing has to come as
 * wrong; to leave it out would be to choose by outcome. Whether "wrong" is said by people or by the big model's answer is
 * the caller's to know and to tell.
 *
 * Without a certificate that pays it says how many labels are missing or, when more of them would not help, not to route.
 *
 * @throws Fault `rejected` for scores that are not finite, and for a target or delta not between 0 and 1
 */
export function certify(rows: readonly ScoredRow[], options: CertifyOptions): Certification {
  checkClaim(options);
  const thresholds = thresholdsOf(rows);
  const order = testOrder(thresholds, options, options.start);
  const passed = fixedSequence(order, options);
  const best = passed.at(-1);
  const floor = Math.max(LEAST_COVERAGE, options.breakEven ?? 0);
  if (best !== undefined && best.accepted >= floor * rows.length) {
    return {
      verdict: 'certified',
      ...best,
      upperBound: upperBound(best.errors, best.accepted, options.delta),
      coverage: best.accepted / rows.length,
      rows: rows.length,
      passed,
    };
  }
  const evidence: Evidence = {
    claim: options,
    thresholds,
    rows: rows.length,
    errors: thresholds.at(-1)?.errors ?? 0,
    floor,
    mostLabels: options.mostLabels ?? Math.ceil(250 / options.target),
  };
  const reason = hopeless(evidence);
  if (reason !== undefined) return { verdict: 'do_not_route', rows: rows.length, reason };
  return outlook(evidence, order[passed.length]);
}

/** What is left once nothing pays yet and nothing is proven hopeless: a number of labels, or one too large. */
function outlook(evidence: Evidence, failed: Passed | undefined): NotYet | DoNotRoute {
  const { claim, rows, mostLabels } = evidence;
  const plan = bestPlan(evidence);
  const testable = acceptedAllowing(0, claim);
  // Rows of which no outcome could have let any pass were not tested, and may serve again.
  const tested = failed !== undefined && failed.accepted >= testable ? failed : undefined;
  const vague = tooFewToJudge(evidence);
  const most = vague && rows < testable ? Math.min(mostLabels, labelsToJudge(evidence)) : mostLabels;
  if (plan !== undefined && plan.labels <= most) return planned(evidence, tested, plan);
  if (plan === undefined || vague) return unclear(evidence, tested);
  return { verdict: 'do_not_route', rows, reason: tooFar(evidence, plan) };
}

function planned(evidence: Evidence, tested: Passed | undefined, plan: LabelPlan): NotYet {
  const { claim, rows, floor } = evidence;
  const moreLabels = labelsLeft(evidence, tested, plan.labels);
  if (tested === undefined) {
    const reason =
      `${counted(rows, 'label')} ${rows === 1 ? 'is' : 'are'} too few to test a promise of at most ${percent(claim.target)} wrong. ` +
      `Probably ${aboutLabels(moreLabels, 'more')} will do.`;
    return { verdict: 'not_yet', moreLabels, spent: false, rows, reason };
  }
  const reason =
    `Of the ${tested.accepted.toLocaleString('en')} answers that score ${tested.threshold} and more ` +
    `${tested.errors} are wrong, too many to promise at most ${percent(claim.target)}` +
    `${floor > LEAST_COVERAGE ? `, and routing pays from ${percent(floor)} of the answers on` : ''}. ` +
    `Probably ${aboutLabels(moreLabels, 'fresh')}, tested from a score of ${plan.threshold} downwards, will do.`;
  return { verdict: 'not_yet', moreLabels, spent: true, start: plan.threshold, rows, reason };
}

function unclear(evidence: Evidence, tested: Passed | undefined): NotYet {
  const { rows, errors } = evidence;
  const moreLabels = labelsLeft(evidence, tested, labelsToJudge(evidence));
  const reason =
    `${counted(rows, 'label')}, ${errors} of them on wrong answers, ${rows === 1 ? 'does' : 'do'} not show yet what the score is worth. ` +
    `Probably ${aboutLabels(moreLabels, tested === undefined ? 'more' : 'fresh')} will.`;
  return { verdict: 'not_yet', moreLabels, spent: tested !== undefined, rows, reason };
}

function labelsLeft({ claim, rows }: Evidence, tested: Passed | undefined, wanted: number): number {
  const total = Math.max(wanted, acceptedAllowing(1, claim));
  return tested === undefined ? Math.max(1, total - rows) : total;
}

function tooFar({ claim, mostLabels }: Evidence, { coverage, risk }: LabelPlan): string {
  const most = `Of the most certain ${percent(coverage)} of the answers ${percent(risk)} are wrong by the best estimate`;
  if (risk >= claim.target)
    return `${most}, and the target is ${percent(claim.target)}. The signal is too weak.`;
  return (
    `${most}, so near to the target of ${percent(claim.target)} that more than ` +
    `${mostLabels.toLocaleString('en')} labels would be needed. The signal is too weak.`
  );
}
