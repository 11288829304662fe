import { percent } from '@spillway/policy/certificate';
import { anyWrongAtMost, type Claims, claimsText } from '../claims-text.js';
import type { TaskReview } from './review.js';
import { LEVEL } from './rule.js';

// 1 - 0.95 is not quite 0.05.
const ALPHA = Number((1 - LEVEL).toFixed(9));

/**
 * What a review claims: of each certificate that an interval was held against that its promise holds or is broken, and of each
 * threshold that was looked for that it passes. Each look errs with the delta of its own.
 */
export function claimsOfReview(tasks: readonly TaskReview[]): Claims {
  const recommendations = tasks.map(({ recommendation }) => recommendation);
  const held = recommendations.filter(({ error }) => error !== undefined);
  const looks = recommendations.flatMap(({ look }) =>
    look !== undefined && 'certification' in look ? [look] : [],
  );
  return {
    made:
      held.filter(({ action }) => action !== 'keep_and_label').length +
      recommendations.filter(({ action }) => action === 'loosen' || action === 'roll_back').length,
    tests: held.length + looks.length,
    alpha: Math.max(ALPHA, ...looks.map(({ delta }) => delta)),
  };
}

/** Intervals that the tables of a review hold. */
const intervalsOf = (tasks: readonly TaskReview[]): number =>
  tasks
    .flatMap(({ now, before }) => [...now.audited, ...(before?.audited ?? [])])
    .filter(({ error }) => error !== undefined).length;

/** How likely any claim or interval of a review is wrong; empty where a single one speaks for itself. */
export function reviewClaimsText(tasks: readonly TaskReview[]): string {
  const tests = intervalsOf(tasks);
  const wrong = anyWrongAtMost({ made: 0, tests, alpha: ALPHA });
  const intervals =
    tests < 2
      ? ''
      : `The tables hold ${tests} intervals, each of which misses with a chance of ${percent(ALPHA)} at most: the chance that any of them does is ${percent(wrong)} at most.`;
  return [claimsText(claimsOfReview(tasks), 'review'), intervals].filter((text) => text !== '').join(' ');
}
