import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sigmoid } from './log-odds.js';
import { seededRandom } from './random.js';
import { fitTemperature, temper } from './temperature.js';

const scores = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 2, maxLength: 8 });
const likeliest = (numbers: ArrayLike<number>) =>
  Array.from(numbers).indexOf(Math.max(...Array.from(numbers)));

describe('temper', () => {
  it.each([
    ['as it is', [0, Math.log(3)], 1, [0.25, 0.75]],
    ['hotter is flatter', [0, Math.log(9)], 2, [0.25, 0.75]],
    ['colder is sharper', [0, Math.log(3)], 0.5, [0.1, 0.9]],
  ])('%s', (_, given, temperature, wanted) => {
    for (const [at, one] of temper(given, temperature).entries())
      expect(one).toBeCloseTo(wanted[at] ?? -1, 12);
  });

  it('keeps the likeliest and sums to one', () => {
    fc.assert(
      fc.property(scores, fc.double({ min: 0.05, max: 20, noNaN: true }), (given, temperature) => {
        const tempered = temper(given, temperature);
        expect(tempered[likeliest(given)]).toBe(Math.max(...tempered));
        expect(tempered.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('fitTemperature', () => {
  /** Two labels whose true log-odds are the scores divided by `factor`. */
  function sharpened(factor: number) {
    const random = seededRandom(7);
    const rows = Array.from({ length: 4_000 }, () => (random() - 0.5) * 6);
    return {
      scores: rows.map((x) => [0, factor * x]),
      labels: rows.map((x) => (random() < sigmoid(x) ? 1 : 0)),
    };
  }

  it.each([0.3, 1, 2.5])('finds by how much scores were stretched: %d', (factor) => {
    const { scores: given, labels } = sharpened(factor);
    expect(fitTemperature(given, labels) / factor).toBeCloseTo(1, 0.9);
  });

  it('has no lower loss beside it', () => {
    const { scores: given, labels } = sharpened(2);
    const lossAt = (temperature: number) =>
      given.reduce((sum, row, at) => sum - Math.log(temper(row, temperature)[labels[at] ?? 0] ?? 0), 0);
    const found = fitTemperature(given, labels);
    expect(lossAt(found)).toBeLessThanOrEqual(Math.min(lossAt(found * 1.01), lossAt(found / 1.01)));
  });

  it('stays moderate where few answers are all right', () => {
    const few = Array.from({ length: 20 }, () => [0, 2]);
    const temperature = fitTemperature(
      few,
      few.map(() => 1),
    );
    expect(temperature).toBeGreaterThan(0.3);
    expect(temperature).toBeLessThan(1);
  });

  it('refuses an empty set', () => {
    expect(() => fitTemperature([], [])).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});
