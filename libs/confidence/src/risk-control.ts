import { Fault } from '@spillway/contracts/fault';
import { lowerBound } from './binomial.js';
import { counted } from './counted.js';
import { aboutLabels, percent } from './evidence.js';
import { NEVER_PAYS } from './hopeless.js';
import { type Passed, type ScoredRow, thresholdsOf } from './thresholds.js';

export interface RiskControlOptions {
  /** Largest share of all traffic that may be a wrong answer of the small model, in expectation. */
  readonly target: number;
  /** Share that must be kept for routing to pay, 0 when unknown. */
  readonly breakEven?: number;
  /** Further messages whose answer has no score: it is never kept, and they are traffic all the same. */
  readonly unscored?: number;
}

export type RiskControl =
  | {
      readonly verdict: 'controlled';
      readonly threshold: number;
      readonly accepted: number;
      readonly errors: number;
      /** (errors + 1) / (rows + 1), which is at most the target. */
      readonly expectedRisk: number;
      readonly coverage: number;
      readonly rows: number;
      /**
       * This threshold and every higher one, for the choice by cost. A higher one keeps nothing that this one does not, so
       * the same holds at it, whatever it is chosen by.
       */
      readonly passed: readonly Passed[];
    }
  | NotYet
  | DoNotRoute;

interface NotYet {
  readonly verdict: 'not_yet';
  /** Labels still to gather, in place of these rows when they are spent, else besides them. */
  readonly moreLabels: number;
  /** Whether these rows were looked at and failed. To look again with others added would be a second try. */
  readonly spent: boolean;
  readonly rows: number;
  readonly reason: string;
}

interface DoNotRoute {
  readonly verdict: 'do_not_route';
  readonly rows: number;
  readonly reason: string;
}

/** How often "too many wrong" may be said of what is not. */
const DOUBT = 0.05;

/**
 * Conformal risk control (Angelopoulos et al. 2022): the lowest threshold at which the accepted and wrong answers, one more
 * counted in, are at most a share `target` of ALL rows, one more counted in. It holds the share of all traffic that is a
 * wrong answer of the small model, on average over the draw of the rows. It says nothing of the share of wrong answers
 * among those kept, which is larger whenever not everything is kept, and a single run may well exceed the target: up to
 * half of them do. Where a run must hold, use a certified threshold.
 *
 * What has to be true of the rows is the same as for a certified threshold; a row whose label is missing has to come as wrong.
 *
 * @throws Fault `rejected` for scores that are not finite, and for a target not between 0 and 1
 */
export function controlRisk(
  rows: readonly ScoredRow[],
  { target, breakEven = 0, unscored = 0 }: RiskControlOptions,
): RiskControl {
  if (!(target > 0 && target < 1))
    throw new Fault('rejected', `a target of ${target} is not between 0 and 1`);
  const count = rows.length + unscored;
  const thresholds = thresholdsOf(rows);
  const passed = thresholds.filter(({ errors }) => errors + 1 <= target * (count + 1));
  const lowest = passed.at(-1);
  if (lowest !== undefined && lowest.accepted >= breakEven * count) {
    return {
      verdict: 'controlled',
      ...lowest,
      expectedRisk: (lowest.errors + 1) / (count + 1),
      coverage: lowest.accepted / count,
      rows: count,
      passed,
    };
  }
  return uncontrolled(thresholds, count, target, breakEven);
}

function uncontrolled(
  thresholds: readonly Passed[],
  rows: number,
  target: number,
  breakEven: number,
): NotYet | DoNotRoute {
  const least = thresholds.find(({ accepted }) => accepted >= breakEven * rows);
  if (breakEven > 1) return { verdict: 'do_not_route', rows, reason: NEVER_PAYS };
  const errors = least?.errors ?? 0;
  const risk = errors / Math.max(1, rows);
  const kept = least === undefined ? '' : `, keeping ${percent(least.accepted / rows)} of the answers`;
  if (lowerBound(errors, rows, DOUBT) > target) {
    const reason =
      `Already at the highest threshold that pays${kept}, ${percent(risk)} of all messages get a wrong answer ` +
      `of the small model, more than the ${percent(target)} allowed.`;
    return { verdict: 'do_not_route', rows, reason };
  }
  // With fewer rows not even one without an error would have passed, and nothing was looked at.
  const spent = target * (rows + 1) >= 1;
  const moreLabels =
    risk < target
      ? Math.max(1, Math.ceil((1 - target) / (target - risk)) - (spent ? 0 : rows))
      : Math.max(rows, Math.ceil((2 * (1 - target)) / target));
  const reason =
    `${counted(rows, 'label')}, with ${counted(errors, 'wrong answer')} at the highest threshold that pays${kept}, ${rows === 1 ? 'does' : 'do'} not show yet whether at ` +
    `most ${percent(target)} of all messages get one. Probably ${aboutLabels(moreLabels, spent ? 'fresh' : 'more')} will.`;
  return { verdict: 'not_yet', moreLabels, spent, rows, reason };
}
