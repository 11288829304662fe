import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyIsotonic, fitIsotonic } from './isotonic.js';
import { seededRandom } from './random.js';

const outcomes = fc.array(
  fc.tuple(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 1)), fc.boolean()),
  { minLength: 1, maxLength: 60 },
);
const fitted = (rows: readonly (readonly [number, boolean])[]) =>
  fitIsotonic(
    rows.map(([score]) => score),
    rows.map(([, right]) => right),
  );

describe('fitIsotonic', () => {
  it.each<[string, readonly (readonly [number, boolean])[], readonly number[], readonly number[]]>([
    ['one row', [[0.4, true]], [0.4], [2 / 3]],
    [
      'in order: a knot a step',
      [
        [0.2, false],
        [0.8, true],
      ],
      [0.2, 0.8],
      [1 / 3, 2 / 3],
    ],
    [
      'out of order: level between',
      [
        [0.2, true],
        [0.8, false],
      ],
      [0.2, 0.8],
      [1 / 2, 1 / 2],
    ],
    [
      'equal scores go together',
      [
        [0.5, true],
        [0.5, false],
        [0.5, true],
      ],
      [0.5],
      [1 / 3 + (3 / 4 - 1 / 3) * (2 / 3)],
    ],
    [
      'no error',
      [
        [0.3, true],
        [0.5, true],
        [0.6, true],
      ],
      [0.3, 0.6],
      [4 / 5, 4 / 5],
    ],
    [
      'all wrong',
      [
        [0.3, false],
        [0.6, false],
      ],
      [0.3, 0.6],
      [1 / 4, 1 / 4],
    ],
  ])('%s', (_, rows, scores, probabilities) => {
    const curve = fitted(rows);
    for (const [at, score] of scores.entries()) expect(curve.scores[at]).toBeCloseTo(score, 12);
    for (const [at, one] of probabilities.entries()) expect(curve.probabilities[at]).toBeCloseTo(one, 12);
    expect(curve.scores).toHaveLength(scores.length);
  });

  it('has rising knots whose probabilities never fall and are never certain', () => {
    fc.assert(
      fc.property(outcomes, (rows) => {
        const { scores, probabilities } = fitted(rows);
        for (let at = 1; at < scores.length; at += 1) {
          expect(scores[at]).toBeGreaterThan(scores[at - 1] as number);
          expect(probabilities[at]).toBeGreaterThanOrEqual(probabilities[at - 1] as number);
        }
        expect(probabilities[0]).toBeGreaterThan(0);
        expect(probabilities.at(-1)).toBeLessThan(1);
      }),
    );
  });

  it('is as near to the outcomes as any rising step function', () => {
    // The least squared error by the max-min formula: max over starts of min over ends of the mean between.
    fc.assert(
      fc.property(outcomes, (rows) => {
        const sorted = [...new Set(rows.map(([score]) => score))].sort((a, b) => a - b);
        const groups = sorted.map((score) =>
          rows.filter((row) => row[0] === score).map(([, right]) => right),
        );
        const share = (from: number, to: number) => {
          const some = groups.slice(from, to + 1).flat();
          return some.filter(Boolean).length / some.length;
        };
        const ends = [...groups.keys()];
        const levels = ends.map((at) =>
          Math.max(
            ...ends.slice(0, at + 1).map((from) => Math.min(...ends.slice(at).map((to) => share(from, to)))),
          ),
        );
        const positives = rows.filter(([, right]) => right).length;
        const [high, low] = [(positives + 1) / (positives + 2), 1 / (rows.length - positives + 2)];
        const curve = fitted(rows);
        for (const [at, one] of sorted.entries()) {
          expect(applyIsotonic(curve, one)).toBeCloseTo(low + (high - low) * (levels[at] as number), 9);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('follows a curve that no logistic one can', () => {
    const random = seededRandom(5);
    const truth = (score: number) => (score < 0.5 ? 0.3 : 0.9);
    const scores = Array.from({ length: 20_000 }, random);
    const curve = fitIsotonic(
      scores,
      scores.map((score) => random() < truth(score)),
    );
    for (const score of [0.1, 0.3, 0.45, 0.55, 0.7, 0.9]) {
      expect(Math.abs(applyIsotonic(curve, score) - truth(score))).toBeLessThan(0.03);
    }
  });

  it('refuses an empty set', () => {
    expect(() => fitIsotonic([], [])).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});

describe('applyIsotonic', () => {
  const curve = { scores: [0.2, 0.4, 0.8], probabilities: [0.1, 0.5, 0.7] };
  it.each([
    ['below all knots', 0, 0.1],
    ['on a knot', 0.4, 0.5],
    ['between two', 0.3, 0.3],
    ['between two others', 0.6, 0.6],
    ['on the last knot', 0.8, 0.7],
    ['above all knots', 1, 0.7],
  ])('%s', (_, score, wanted) => expect(applyIsotonic(curve, score)).toBeCloseTo(wanted, 12));
});
