import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  breakEvenCoverage,
  type CertifiedTask,
  chooseThresholds,
  type RoutingCosts,
  savingOf,
  savingPerRequest,
} from './cost-choice.js';

const plain: RoutingCosts = {
  smallNanos: 200_000n,
  samples: 1,
  scorerNanos: 0n,
  bigNanos: 12_000_000n,
  shadowRate: 0,
  personNanos: 0n,
};

const task = (
  name: string,
  passed: [threshold: number, accepted: number, errors: number][],
): CertifiedTask => ({
  task: name,
  volume: 10_000,
  costs: plain,
  rows: 1000,
  passed: passed.map(([threshold, accepted, errors]) => ({ threshold, accepted, errors })),
});

describe('break-even', () => {
  it.each<[string, Partial<RoutingCosts>, number]>([
    ['one call of each', {}, 0.2 / 12],
    ['five samples', { samples: 5 }, 1 / 12],
    ['a judge', { scorerNanos: 1_000_000n }, 1.2 / 12],
    ['2 % audited by the big model', { shadowRate: 0.02 }, 0.2 / (12 - 0.24)],
    [
      'and by a person for a dollar',
      { shadowRate: 0.005, personNanos: 1_000_000_000n },
      0.2 / (12 - 0.005 * 1012),
    ],
    [
      'an audit that eats the saving',
      { shadowRate: 0.02, personNanos: 1_000_000_000n },
      Number.POSITIVE_INFINITY,
    ],
    ['a small model dearer than the big one', { smallNanos: 15_000_000n }, 1.25],
    ['a small model for nothing', { smallNanos: 0n }, 0],
  ])('%s', (_, change, wanted) => {
    expect(breakEvenCoverage({ ...plain, ...change })).toBeCloseTo(wanted, 12);
  });

  it('is where nothing is saved, and more kept saves more', () => {
    const costs = { ...plain, samples: 5, shadowRate: 0.02, personNanos: 100_000_000n };
    expect(savingPerRequest(costs, breakEvenCoverage(costs))).toBeCloseTo(0, 3);
    expect(savingPerRequest(costs, 0.9)).toBeGreaterThan(0);
    expect(savingPerRequest(costs, 0.01)).toBeLessThan(0);
  });

  it('counts what was saved to the nano-dollar, however much it is', () => {
    const counts = { requests: 9_000_000_001, smallCalls: 9_000_000_001, kept: 9_000_000_000, audited: 1 };
    expect(savingOf({ ...plain, scorerNanos: 1n, personNanos: 7n }, counts)).toBe(106_199_990_987_799_992n);
    expect(() => savingOf(plain, { ...counts, kept: 0.5 })).toThrow(
      expect.objectContaining({ code: 'rejected' }),
    );
  });
});

describe('chooseThresholds', () => {
  it('keeps as much as passed where no budget binds', () => {
    const result = chooseThresholds([
      task('classify', [
        [0.9, 500, 5],
        [0.8, 700, 20],
      ]),
    ]);
    expect(result).toMatchObject({
      choices: [{ task: 'classify', threshold: 0.8, coverage: 0.7, errors: 200 }],
      savedNanos: 10_000 * (0.7 * 12_000_000 - 200_000),
      nanosPerAvoidedError: undefined,
    });
  });

  it('keeps nothing of a task that does not pay, and of one without a certificate', () => {
    const dear = { ...task('extract', [[0.9, 500, 0]]), costs: { ...plain, samples: 40 } };
    expect(chooseThresholds([dear, task('sentiment', [])])).toMatchObject({
      choices: [
        { task: 'extract', threshold: undefined, coverage: 0 },
        { task: 'sentiment', threshold: undefined },
      ],
      savedNanos: 0,
      errors: 0,
    });
  });

  it('gives the budget to where an error saves the most, and says what avoiding one costs', () => {
    const cheap = task('classify', [
      [0.9, 500, 5],
      [0.8, 600, 40],
    ]);
    const good = task('extract', [
      [0.9, 500, 5],
      [0.8, 900, 20],
    ]);
    const result = chooseThresholds([cheap, good], 300);
    expect(result.choices.map(({ threshold }) => threshold)).toEqual([0.9, 0.8]);
    expect(result.errors).toBe(250);
    // The step that did not fit: a tenth of 10,000 requests for 350 errors.
    expect(result.nanosPerAvoidedError).toBeCloseTo((1000 * 12_000_000) / 350, 3);
  });

  it('counts an error of one task for more than one of another', () => {
    const equal = [task('classify', [[0.9, 500, 10]]), task('draft', [[0.9, 500, 10]])] as const;
    expect(chooseThresholds([{ ...equal[0], errorWeight: 3 }, equal[1]], 100).choices).toMatchObject([
      { threshold: undefined },
      { threshold: 0.9 },
    ]);
  });

  it('spends the rest of the budget between the corners of the hull', () => {
    // 0.85 lies under the line from 0.9 to 0.8.
    const one = task('classify', [
      [0.9, 500, 0],
      [0.85, 550, 10],
      [0.8, 900, 20],
    ]);
    expect(chooseThresholds([one], 150).choices).toMatchObject([{ threshold: 0.85, errors: 100 }]);
  });

  const walk = fc
    .array(fc.record({ accepted: fc.integer({ min: 1, max: 200 }), errors: fc.nat(8) }), { maxLength: 5 })
    .map((steps) => {
      let [accepted, errors] = [0, 0];
      return steps.map((step, at): [number, number, number] => {
        accepted += step.accepted;
        errors += step.errors;
        return [1 - at / 10, accepted, errors];
      });
    });
  const tasks = fc
    .array(fc.tuple(walk, fc.integer({ min: 0, max: 60 })), { minLength: 1, maxLength: 3 })
    .map((all) =>
      all.map(([passed, samples], at) => ({ ...task(`task ${at}`, passed), costs: { ...plain, samples } })),
    );

  /** Every combination of thresholds. */
  function best(all: readonly CertifiedTask[], budget: number): number {
    const [first, ...others] = all;
    if (first === undefined) return 0;
    const ways = first.passed
      .map(({ accepted, errors }) => ({
        errors: (first.volume * errors) / first.rows,
        saved: first.volume * savingPerRequest(first.costs, accepted / first.rows),
      }))
      .filter(({ errors }) => errors <= budget);
    return Math.max(
      best(others, budget),
      ...ways.map(({ errors, saved }) => saved + best(others, budget - errors)),
    );
  }

  it('is the best of all combinations without a budget, and near it and inside with one', () => {
    fc.assert(
      fc.property(tasks, fc.integer({ min: 0, max: 300 }), (all, budget) => {
        expect(chooseThresholds(all).savedNanos).toBeCloseTo(best(all, Number.POSITIVE_INFINITY), 0);
        const chosen = chooseThresholds(all, budget);
        const most = best(all, budget);
        expect(chosen.errors).toBeLessThanOrEqual(budget + 1e-9);
        expect(chosen.savedNanos).toBeLessThanOrEqual(most + 1);
        if (all.length === 1 || chosen.nanosPerAvoidedError === undefined) {
          expect(chosen.savedNanos).toBeCloseTo(most, 0);
        } else {
          // Short by less than the step that did not fit, which saves no more than its whole task.
          const step = Math.max(...all.map((one) => best([one], Number.POSITIVE_INFINITY)));
          expect(chosen.savedNanos).toBeGreaterThan(most - step);
        }
      }),
    );
  });
});
