import type { Claim } from './planner.js';
import type { Passed } from './thresholds.js';

/** What a set of labelled answers, on which nothing could be certified, has to say about more of them. */
export interface Evidence {
  readonly claim: Claim;
  /** Every threshold, from the highest down. */
  readonly thresholds: readonly Passed[];
  readonly rows: number;
  readonly errors: number;
  /** Share that has to be kept for routing to be worth anything. */
  readonly floor: number;
  /** To need more labels than that is a reason not to route. */
  readonly mostLabels: number;
}

/** Fewer wrong, or fewer right, answers do not show what a score is worth. */
const ENOUGH_TO_JUDGE = 30;

export function tooFewToJudge({ rows, errors }: Evidence): boolean {
  return Math.min(errors, rows - errors) < ENOUGH_TO_JUDGE;
}

/** How many labels, at the rates seen, make enough of them to judge by. */
export function labelsToJudge({ rows, errors }: Evidence): number {
  const rarer = Math.max(1, Math.min(errors, rows - errors));
  return Math.ceil((Math.max(1, rows) * ENOUGH_TO_JUDGE) / rarer);
}

/** 0.045678 is "4.57 %". */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** "about 1,300 more labels" for 1,234: a plan is no more exact, and errs on the safe side. */
export function aboutLabels(labels: number, which: 'more' | 'fresh'): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(labels)) - 1);
  const rounded = (Math.ceil(labels / unit) * unit).toLocaleString('en');
  return `about ${rounded} ${which} ${labels === 1 ? 'label' : 'labels'}`;
}
