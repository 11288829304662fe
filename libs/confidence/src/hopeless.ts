import { binomialCdf, lowerBound } from './binomial.js';
import { type Evidence, percent, tooFewToJudge } from './evidence.js';
import { auroc } from './metrics.js';
import { acceptedAllowing } from './planner.js';
import { type Passed, spread, tiersOf } from './thresholds.js';

/** How often each test here may call a score hopeless that is not, and the matching quantile of the normal distribution. */
const DOUBT = 0.05;
const QUANTILE = 1.6449;

/** So many thresholds, evenly spread, stand for all of them. */
const LOOKS = 400;

/** Why no number of labels will make routing pay, in words for the person who decides; undefined while it may. */
export function hopeless(evidence: Evidence): string | undefined {
  return (
    neverPays(evidence) ??
    tooStrict(evidence) ??
    errorFloor(evidence) ??
    noSignal(evidence) ??
    outOfReach(evidence)
  );
}

/** At a break-even above everything. */
export const NEVER_PAYS =
  'At these costs routing does not pay even when every answer of the small model is kept.';

function neverPays({ floor }: Evidence): string | undefined {
  return floor > 1 ? NEVER_PAYS : undefined;
}

function tooStrict({ claim, mostLabels }: Evidence): string | undefined {
  const least = acceptedAllowing(0, claim);
  if (least <= mostLabels) return undefined;
  return (
    `To show that at most ${percent(claim.target)} are wrong takes ${least.toLocaleString('en')} labels even when ` +
    `none is wrong, and more than ${mostLabels.toLocaleString('en')} are not to be had.`
  );
}

/** A share m of wrong answers can be brought down to the target only by giving away (m - target) / (1 - target). */
function errorFloor({ claim, rows, errors, floor }: Evidence): string | undefined {
  const wrong = lowerBound(errors, rows, DOUBT);
  const most = (1 - wrong) / (1 - claim.target);
  if (most >= floor) return undefined;
  return (
    `The small model is wrong in at least ${percent(wrong)} of all answers. Even a perfect score could keep only ` +
    `${percent(most)} of them with ${percent(claim.target)} wrong, and routing pays from ${percent(floor)} on.`
  );
}

/** Mann-Whitney test, with ties, of whether right answers score above wrong ones. */
function noSignal(evidence: Evidence): string | undefined {
  const { claim, thresholds, rows, errors } = evidence;
  if (errors <= claim.target * rows || tooFewToJudge(evidence)) return undefined;
  let tied = 0;
  const scores = new Float64Array(rows);
  const right = new Array<boolean>(rows).fill(false);
  for (const { from, to, wrong, threshold } of tiersOf(thresholds)) {
    tied += (to - from) ** 3 - (to - from);
    scores.fill(threshold, from, to);
    right.fill(true, from + wrong, to);
  }
  const area = auroc(scores, right);
  const deviation = Math.sqrt((rows + 1 - tied / (rows * (rows - 1))) / (12 * errors * (rows - errors)));
  if (area - 0.5 > QUANTILE * deviation) return undefined;
  return (
    'The score does not tell right answers from wrong ones: a right answer stands above a wrong one in ' +
    `${percent(area)} of all pairs, and chance alone gives 50 %.`
  );
}

/** Whether at every threshold that would pay more is wrong than bad luck explains. */
function outOfReach({ claim, thresholds, rows, floor }: Evidence): string | undefined {
  const within = ({ accepted, errors }: Passed) => errors <= claim.target * accepted;
  const perhapsWithin = (one: Passed) =>
    within(one) || 1 - binomialCdf(one.errors - 1, one.accepted, claim.target) > DOUBT;
  const paying = thresholds.filter(({ accepted }) => accepted >= floor * rows);
  if (rows === 0 || spread(paying, LOOKS).some(perhapsWithin)) return undefined;
  const kept = (thresholds.findLast(within)?.accepted ?? 0) / rows;
  return (
    `In hindsight at most ${percent(kept)} of the answers could be kept with ${percent(claim.target)} wrong. ` +
    `Routing pays from ${percent(floor)} on, and bad luck does not explain the gap.`
  );
}
