import { describe, expect, it } from 'vitest';
import { claimsOfReview, reviewClaimsText } from './claims.js';
import type { AuditedMonth, TaskReview } from './review.js';

const error: NonNullable<AuditedMonth['error']> = {
  labels: 100,
  errors: 2,
  share: 0.02,
  interval: { lower: 0.002, upper: 0.07 },
  method: 'clopper_pearson',
};
const look = { certification: { verdict: 'not_yet' }, delta: 0.01 };

function task(
  action: TaskReview['recommendation']['action'],
  { held = true, looked = false, intervals = 1 } = {},
): TaskReview {
  const audited = Array.from({ length: intervals }, () => ({ source: 'truth', error }));
  return {
    now: { audited },
    recommendation: { action, ...(held ? { error } : {}), ...(looked ? { look } : {}) },
  } as unknown as TaskReview;
}

describe('what a review claims', () => {
  it.each([
    ['nothing where there is no certificate', [task('none', { held: false })], 0, 0],
    ['nothing where no label came', [task('keep_and_label', { held: false })], 0, 0],
    ['nothing yet, by a test', [task('keep_and_label')], 0, 1],
    ['that a promise holds', [task('keep')], 1, 1],
    ['that, where no lower threshold passed', [task('keep', { looked: true })], 1, 2],
    ['that, and that a lower threshold passes', [task('loosen', { looked: true })], 2, 2],
    ['that two are broken', [task('escalate_all'), task('roll_back', { looked: true })], 3, 3],
  ])('%s', (_, tasks, made, tests) => {
    expect(claimsOfReview(tasks)).toEqual({ made, tests, alpha: 0.05 });
  });

  it.each([
    ['one interval speaks for itself', [task('keep')], ''],
    [
      'claims and intervals have a chance each',
      [task('keep'), task('keep_and_label', { intervals: 2 })],
      'This review makes 1 claim out of 2 tests, each of which errs with a chance of 5 % at most: the chance that it is wrong is 10 % at most. ' +
        'The tables hold 3 intervals, each of which misses with a chance of 5 % at most: the chance that any of them does is 15 % at most.',
    ],
  ])('in words: %s', (_, tasks, text) => expect(reviewClaimsText(tasks)).toBe(text));
});
