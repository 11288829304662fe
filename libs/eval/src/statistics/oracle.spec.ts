import { binomialCdf } from '@spillway/confidence/binomial';
import { normalCdf, normalQuantile } from '@spillway/confidence/normal';
import erfc from '@stdlib/math-base-special-erfc';
import erfcinv from '@stdlib/math-base-special-erfcinv';
import oracleBinomialCdf from '@stdlib/stats-base-dists-binomial-cdf';
import oracleTQuantile from '@stdlib/stats-base-dists-t-quantile';
import { describe, expect, it } from 'vitest';
import { mcnemar } from './paired-shares.js';
import { tQuantile } from './student.js';

/** Equal to 1e-9 of what is wanted. */
const agrees = (found: number, wanted: number): void =>
  expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(Math.abs(wanted), 1e-300));

const chances = [1e-6, 0.005, 0.025, 0.05, 0.3, 0.5, 0.8, 0.95, 0.975, 0.9999];

describe('another implementation gives the same', () => {
  it.each(chances)('normal quantile of %s, and back', (chance) => {
    const x = normalQuantile(chance);
    if (chance !== 0.5) agrees(x, -Math.SQRT2 * erfcinv(2 * chance));
    agrees(normalCdf(x), erfc(-x / Math.SQRT2) / 2);
  });

  it.each([1, 2, 3, 4, 9, 29, 99, 1_000])("Student's t with %s degrees of freedom", (degrees) => {
    for (const chance of chances) {
      if (chance !== 0.5) agrees(tQuantile(chance, degrees), oracleTQuantile(chance, degrees));
    }
    expect(tQuantile(0.5, degrees)).toBe(0);
  });

  it.each([
    [0, 0],
    [3, 7],
    [7, 3],
    [12, 12],
    [1, 40],
    [180, 240],
  ])('McNemar, %s better and %s worse', (better, worse) => {
    const outcome = { rows: 1_000, better, worse, designEffect: 1 };
    const differing = better + worse;
    const tail = oracleBinomialCdf(Math.min(better, worse), differing, 0.5);
    const before = oracleBinomialCdf(Math.min(better, worse) - 1, differing, 0.5);
    agrees(mcnemar(outcome).exact, Math.min(1, 2 * tail));
    agrees(mcnemar(outcome).midP, Math.min(1, tail + before));
    agrees(binomialCdf(better, differing, 0.3), oracleBinomialCdf(better, differing, 0.3));
  });
});
