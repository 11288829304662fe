import { Fault } from '@spillway/contracts/fault';

/** One labelled answer. An answer whose label is missing counts as wrong: leaving it out would be a choice by outcome. */
export interface ScoredRow {
  readonly score: number;
  readonly wrong: boolean;
}

/** What a threshold does on labelled answers: so many score at least that much, and so many of those are wrong. */
export interface Passed {
  readonly threshold: number;
  readonly accepted: number;
  readonly errors: number;
}

/**
 * Every distinct score as a threshold, from the highest down, with what it accepts. Equal scores move together.
 *
 * @throws Fault `rejected` for a score that is not a finite number
 */
export function thresholdsOf(rows: readonly ScoredRow[]): Passed[] {
  const thresholds: Passed[] = [];
  let accepted = 0;
  let errors = 0;
  const sorted = rows.toSorted((a, b) => b.score - a.score);
  for (const [at, { score, wrong }] of sorted.entries()) {
    if (!Number.isFinite(score)) throw new Fault('rejected', `a score of ${score} cannot be compared`);
    accepted += 1;
    errors += wrong ? 1 : 0;
    if (sorted[at + 1]?.score !== score) thresholds.push({ threshold: score, accepted, errors });
  }
  return thresholds;
}

/** What any number as a threshold accepts, given the thresholds of the rows from the highest down. */
export function acceptedAt(thresholds: readonly Passed[], threshold: number): Passed {
  const lowest = thresholds.findLast((one) => one.threshold >= threshold);
  return { threshold, accepted: lowest?.accepted ?? 0, errors: lowest?.errors ?? 0 };
}

/** The answers between a threshold and the next higher one, as places in the ranking, and how many of them are wrong. */
export interface Tier extends Passed {
  readonly from: number;
  readonly to: number;
  readonly wrong: number;
}

export function tiersOf(thresholds: readonly Passed[]): Tier[] {
  return thresholds.map((threshold, at) => {
    const { accepted: from, errors } = thresholds[at - 1] ?? { accepted: 0, errors: 0 };
    return { ...threshold, from, to: threshold.accepted, wrong: threshold.errors - errors };
  });
}

/** At most so many of all, evenly spread, the first among them. */
export function spread<One>(all: readonly One[], most: number): readonly One[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, at) => all[Math.floor((at * all.length) / most)] as One);
}
