import { describe, expect, it } from 'vitest';
import { anyWrongAtMost, claimsOf, claimsText } from './claims-text.js';
import type { StepVerdict } from './verdict.js';

const verdict = (recommendation: object, tests: number): StepVerdict =>
  ({ recommendation, facts: { tests, small: { confidence: 0.95 } } }) as unknown as StepVerdict;

const small = verdict({ keep: 'small' }, 3);
const cascade = verdict({ keep: 'cascade' }, 3);
const undecided = verdict({ keep: 'undecided', moreRows: 40 }, 2);
const big = (why: string) => verdict({ keep: 'big', why }, 2);

describe('the claims of a report', () => {
  it.each<[string, readonly StepVerdict[], number, number]>([
    ['a model or a cascade that is shown to lose little is one', [small, cascade], 2, 6],
    ['so is a small model that is shown to lose more', [big('worse')], 1, 2],
    ['and a way that loses little and costs too much', [big('dearer')], 1, 2],
    ['too few rows and nothing shown are none, but were tested', [undecided, big('not shown')], 0, 4],
    ['under the floor is a figure, and nothing that was tested', [big('under the floor')], 0, 2],
  ])('%s', (_, verdicts, made, tests) => expect(claimsOf(verdicts)).toEqual({ made, tests, alpha: 0.05 }));

  it('any of them is wrong with the chances of all tests together at most, and never more than for certain', () => {
    expect(anyWrongAtMost({ made: 1, tests: 8, alpha: 0.05 })).toBeCloseTo(0.4, 10);
    expect(anyWrongAtMost({ made: 1, tests: 30, alpha: 0.05 })).toBe(1);
  });

  it.each([
    [
      'of several steps',
      [small, cascade, undecided],
      'This report makes 2 claims out of 8 tests, each of which errs with a chance of 5 % at most: the chance that any of the ' +
        'claims is wrong is 40 % at most.',
    ],
    [
      'of one step, for which several ways were tested',
      [cascade],
      'This report makes 1 claim out of 3 tests, each of which errs with a chance of 5 % at most: the chance that it is wrong ' +
        'is 15 % at most.',
    ],
    ['of one test, which speaks for itself', [verdict({ keep: 'small' }, 1)], ''],
    ['where nothing is claimed', [undecided], ''],
  ])('%s', (_, verdicts, wanted) => expect(claimsText(claimsOf(verdicts))).toBe(wanted));
});
