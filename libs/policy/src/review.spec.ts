import { expect, it } from 'vitest';
import { reviewAgeDays, reviewWarning } from './review.js';

const policy = { reviewedOn: '2026-10-01' };
const at = (day: string): number => Date.parse(day);

it.each([
  ['2026-10-01', 0],
  ['2026-10-01T23:59:59Z', 0],
  ['2026-11-01', 31],
])('on %s the review is %d days old', (day, age) => expect(reviewAgeDays(policy, at(day))).toBe(age));

it.each([
  ['2026-11-01T23:59:59Z', undefined],
  ['2026-11-02', 'the policy was reviewed 32 days ago, on 2026-10-01: review its thresholds'],
])('on %s warns: %s', (day, warning) => expect(reviewWarning(policy, at(day))).toBe(warning));
