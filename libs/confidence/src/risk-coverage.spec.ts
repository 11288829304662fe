import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auroc } from './metrics.js';
import { coverageAt, rankingRisk, riskCoverage } from './risk-coverage.js';

const rows = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { maxLength: 60 });
const confidencesOf = (some: readonly (readonly [number, boolean])[]) =>
  some.map(([confidence]) => confidence);
const rightOf = (some: readonly (readonly [number, boolean])[]) => some.map(([, right]) => right);

describe('coverageAt', () => {
  it.each<[string, readonly number[], readonly boolean[], number, number]>([
    ['no rows', [], [], 0.95, 0],
    ['all right', [0.2, 0.9], [true, true], 0.95, 1],
    ['up to the first error', [0.9, 0.8, 0.7, 0.6], [true, true, false, false], 1, 0.5],
    ['past an error that later rows make good', [0.9, 0.8, 0.7, 0.6], [true, false, true, true], 0.75, 1],
    ['equal confidences go together', [0.9, 0.9], [true, false], 1, 0],
  ])('%s', (_, confidences, right, accuracy, wanted) => {
    expect(coverageAt(accuracy, confidences, right)).toBe(wanted);
  });
});

describe('riskCoverage', () => {
  it('has one point for every score, rows of one score together', () => {
    expect(riskCoverage([0.9, 0.5, 0.9, 0.2], [true, true, false, true])).toEqual([
      { threshold: 0.9, accepted: 2, errors: 1, coverage: 0.5, risk: 0.5 },
      { threshold: 0.5, accepted: 3, errors: 1, coverage: 0.75, risk: 1 / 3 },
      { threshold: 0.2, accepted: 4, errors: 1, coverage: 1, risk: 0.25 },
    ]);
    expect(riskCoverage([], [])).toEqual([]);
  });

  it('says of every point what its threshold accepts', () => {
    fc.assert(
      fc.property(rows, (some) => {
        for (const point of riskCoverage(confidencesOf(some), rightOf(some))) {
          const accepted = some.filter(([confidence]) => confidence >= point.threshold);
          expect(point.accepted).toBe(accepted.length);
          expect(point.errors).toBe(accepted.filter(([, right]) => !right).length);
        }
      }),
    );
  });
});

describe('rankingRisk', () => {
  it.each<[string, readonly number[], readonly boolean[], number, number, number]>([
    ['no rows', [], [], 0, 0, 0],
    ['all right', [0.5, 0.7], [true, true], 0, 0, 0],
    ['all wrong', [0.5, 0.7], [false, false], 1, 0, 3 / 4],
    ['the error last', [0.9, 0.5], [true, false], 1 / 4, 0, 1 / 4],
    ['the error first', [0.9, 0.5], [false, true], 3 / 4, 1 / 2, 1 / 2],
    ['no ranking: half of each', [0.5, 0.5], [false, true], 1 / 2, 1 / 4, 3 / 8],
  ])('%s', (_, scores, right, aurc, excess, augrc) => {
    const found = rankingRisk(scores, right);
    expect(found.aurc).toBeCloseTo(aurc, 12);
    expect(found.excess).toBeCloseTo(excess, 12);
    expect(found.augrc).toBeCloseTo(augrc, 12);
  });

  it('never lies below a perfect ranking, and its joint risk is what AUROC and accuracy make of it', () => {
    fc.assert(
      fc.property(rows, (some) => {
        const right = rightOf(some);
        const { excess, augrc } = rankingRisk(confidencesOf(some), right);
        expect(excess).toBeGreaterThanOrEqual(-1e-12);
        const accuracy = right.filter(Boolean).length / right.length;
        if (!(accuracy > 0 && accuracy < 1)) return;
        const wrong = 1 - accuracy;
        const pairs = (1 - auroc(confidencesOf(some), right)) * accuracy * wrong;
        // The sum over n coverages lies half a step above the integral.
        expect(augrc).toBeCloseTo(pairs + wrong ** 2 / 2 + wrong / (2 * right.length), 9);
      }),
    );
  });
});
