import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossFit, foldsOf } from './cross-fit.js';

const labels = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 60 });

describe('foldsOf', () => {
  it('spreads every label evenly', () => {
    fc.assert(
      fc.property(labels, fc.integer({ min: 2, max: 6 }), (given, folds) => {
        const fold = foldsOf(given, folds);
        for (const label of new Set(given)) {
          const counts = Array.from({ length: folds }, () => 0);
          for (const [row, part] of fold.entries()) if (given[row] === label) (counts[part] as number) += 1;
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('does not put all rare labels into one fold', () => {
    expect(new Set(foldsOf([0, 1, 2, 3, 4], 5)).size).toBe(5);
  });
});

describe('crossFit', () => {
  it('answers every row once, by a model that has learned from all others of other folds', () => {
    fc.assert(
      fc.property(labels, fc.integer({ min: 2, max: 6 }), (given, folds) => {
        const fold = foldsOf(given, folds);
        const answers = crossFit(given, folds, (learnFrom) => (row) => ({
          row,
          learnFrom: new Set(learnFrom),
        }));
        expect(answers.map(({ row }) => row)).toEqual([...given.keys()]);
        for (const { row, learnFrom } of answers) {
          for (const other of given.keys()) expect(learnFrom.has(other)).toBe(fold[other] !== fold[row]);
        }
      }),
    );
  });
});
