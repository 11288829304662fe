import { Fault } from '@spillway/contracts/fault';
import { incompleteBeta } from './incomplete-beta.js';

/** Both ends of a confidence interval of a share, 0 to 1. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** P(X <= successes), X ~ Binomial(trials, probability); relative error under 1e-10, also in the deep tail. */
export function binomialCdf(successes: number, trials: number, probability: number): number {
  if (successes < 0) return 0;
  if (successes >= trials) return 1;
  return incompleteBeta(1 - probability, probability, trials - successes, successes + 1);
}

/**
 * One-sided Clopper-Pearson upper bound at failure probability delta: the true share lies above it in at most a share
 * `delta` of all samples. 1 when events = trials. It is at most a target exactly when binomialCdf(events, trials, target)
 * is at most delta.
 *
 * @throws Fault `rejected` unless 0 <= events <= trials, and delta lies between 0 and 1
 */
export function upperBound(events: number, trials: number, delta: number): number {
  check(events, trials, delta);
  if (events === trials) return 1;
  return bisect((share) => binomialCdf(events, trials, share) > delta).outside;
}

/**
 * One-sided Clopper-Pearson lower bound, the counterpart of {@link upperBound}. 0 when there are no events.
 *
 * @throws Fault `rejected` unless 0 <= events <= trials, and delta lies between 0 and 1
 */
export function lowerBound(events: number, trials: number, delta: number): number {
  check(events, trials, delta);
  if (events === 0) return 0;
  return bisect((share) => incompleteBeta(share, 1 - share, events, trials - events + 1) <= delta).inside;
}

/**
 * Two-sided Clopper-Pearson interval, e.g. level 0.95; `events` and `trials` may be fractional (Korn-Graubard), through the
 * regularised incomplete beta function.
 *
 * @throws Fault `rejected` unless 0 <= events <= trials, and level lies between 0 and 1
 */
export function clopperPearson(events: number, trials: number, level: number): Interval {
  const tail = (1 - level) / 2;
  return { lower: lowerBound(events, trials, tail), upper: upperBound(events, trials, tail) };
}

function check(events: number, trials: number, delta: number): void {
  if (!(events >= 0 && events <= trials && trials < Number.POSITIVE_INFINITY)) {
    throw new Fault('rejected', `${events} events of ${trials} trials are not a share`);
  }
  if (!(delta > 0 && delta < 1)) {
    throw new Fault('rejected', `a failure probability lies between 0 and 1, which ${delta} does not`);
  }
}

/** Where a condition that holds at 0 and not at 1 stops holding, to the last bit: the neighbours on both sides. */
function bisect(holds: (share: number) => boolean): { readonly inside: number; readonly outside: number } {
  let inside = 0;
  let outside = 1;
  for (;;) {
    const middle = (inside + outside) / 2;
    if (middle <= inside || middle >= outside) return { inside, outside };
    if (holds(middle)) inside = middle;
    else outside = middle;
  }
}
