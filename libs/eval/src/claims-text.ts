import type { StepVerdict } from './verdict.js';

/** What a report claims, and how it came to that. */
export interface Claims {
  /** Sentences that something was shown, with a confidence. */
  readonly made: number;
  /** Tests that could have ended in one, those that did not among them. */
  readonly tests: number;
  /** Chance that a single test ends in a claim that is wrong. */
  readonly alpha: number;
}

/** "Not enough data" and "not shown" claim nothing; that a way is too dear claims that it loses little. */
const isClaim = ({ recommendation }: StepVerdict): boolean =>
  recommendation.keep === 'small' ||
  recommendation.keep === 'cascade' ||
  (recommendation.keep === 'big' && (recommendation.why === 'worse' || recommendation.why === 'dearer'));

/** The claims of a report's verdicts together. */
export const claimsOf = (verdicts: readonly StepVerdict[]): Claims => ({
  made: verdicts.filter(isClaim).length,
  tests: verdicts.reduce((sum, { facts }) => sum + facts.tests, 0),
  // 1 - 0.95 is not quite 0.05.
  alpha: Number((1 - Math.min(1, ...verdicts.map(({ facts }) => facts.small.confidence))).toFixed(9)),
});

/**
 * Chance at most that any claim of the report is wrong, 0 to 1: Bonferroni's sum over the tests that were made, which holds
 * however they hang together. Tests that ended in no claim count, since a claim is picked among all of them.
 */
export const anyWrongAtMost = ({ tests, alpha }: Claims): number => Math.min(1, tests * alpha);

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;

/** The same in a sentence; empty where one test speaks for itself, or nothing is claimed. */
export function claimsText(claims: Claims, what = 'report'): string {
  const { made, tests, alpha } = claims;
  if (made === 0 || tests < 2) return '';
  return (
    `This ${what} makes ${made} ${made === 1 ? 'claim' : 'claims'} out of ${tests} tests, each of which errs with a chance of ` +
    `${percent(alpha)} at most: the chance that ${made === 1 ? 'it' : 'any of the claims'} is wrong is ` +
    `${percent(anyWrongAtMost(claims))} at most.`
  );
}
