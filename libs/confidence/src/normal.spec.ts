import fc from 'fast-check';
import { expect, it } from 'vitest';
import { normalCdf, normalQuantile } from './normal.js';

it.each([
  ['the middle', 0, 0.5],
  ['one deviation', 1, 0.841_344_746_068_542_9],
  ['the usual one of two sides', -1.959_963_984_540_054, 0.025],
  ['the usual one of one side', 1.644_853_626_951_472_6, 0.95],
  ['where the two ways meet', -3, 0.001_349_898_031_630_094_6],
  ['a tail', -6, 9.865_876_450_376_981e-10],
  ['a deep tail', -20, 2.753_624_118_606_233_7e-89],
  ['the other tail', 6, 1 - 9.865_876_450_376_981e-10],
  ['beyond all numbers', -40, 0],
])('normalCdf: %s', (_, x, wanted) => {
  const found = normalCdf(x);
  expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-12 * wanted);
});

it('the quantile is the inverse, and the tails mirror each other', () => {
  fc.assert(
    fc.property(fc.double({ min: -8, max: 5, noNaN: true }), (x) => {
      expect(normalQuantile(normalCdf(x))).toBeCloseTo(x, 8);
      expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 14);
    }),
  );
  expect([normalQuantile(0), normalQuantile(1), normalQuantile(Number.NaN)]).toEqual([
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ]);
});
