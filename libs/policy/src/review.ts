import type { Policy } from './policy.js';

const DAY_MS = 86_400_000;
/** A policy is reviewed monthly. */
const REVIEW_EVERY_DAYS = 31;

/** Whole days since the policy was reviewed. */
export const reviewAgeDays = ({ reviewedOn }: Pick<Policy, 'reviewedOn'>, nowMs: number): number =>
  Math.floor((nowMs - Date.parse(reviewedOn)) / DAY_MS);

/** What to say of a policy that was reviewed more than a month ago; undefined while there is nothing to say. */
export function reviewWarning(policy: Pick<Policy, 'reviewedOn'>, nowMs: number): string | undefined {
  const days = reviewAgeDays(policy, nowMs);
  return days <= REVIEW_EVERY_DAYS
    ? undefined
    : `the policy was reviewed ${days} days ago, on ${policy.reviewedOn}: review its thresholds`;
}
