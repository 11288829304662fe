import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Familiarity, fitTypicality, temperedByTypicality, typicalityOf } from './typicality.js';

const shares = [0.62, 0.68, 0.71, 0.74, 0.77, 0.8, 0.82, 0.84, 0.87, 0.9];
const usual: readonly Familiarity[] = [4, 8, 16, 32].flatMap((words) =>
  shares.map((coverage) => ({ coverage, words })),
);
const typical = fitTypicality(usual);
const familiarity = fc.record({
  coverage: fc.double({ min: 0, max: 1, noNaN: true }),
  words: fc.nat({ max: 5_000 }),
});

describe('typicalityOf', () => {
  it.each<[string, Familiarity, number, number]>([
    ['the middle of the domain', { coverage: 0.78, words: 10 }, -0.5, 0.5],
    ['its edge', { coverage: 0.62, words: 10 }, -2.5, -1],
    ['another domain', { coverage: 0.3, words: 10 }, -20, -3.3],
    ['another domain, however long', { coverage: 0.3, words: 5_000 }, -20, -3.3],
    ['no words at all', { coverage: 0, words: 0 }, -50, -3.5],
    ['a copy of a training message', { coverage: 1, words: 10 }, 1, 50],
  ])('%s', (_, message, low, high) => {
    const distance = typicalityOf(typical, message);
    expect(distance).toBeGreaterThanOrEqual(low);
    expect(distance).toBeLessThanOrEqual(high);
  });

  it('rises with the share known, and is a number for whatever it was learned from', () => {
    fc.assert(
      fc.property(fc.array(familiarity, { maxLength: 12 }), familiarity, familiarity, (seen, one, other) => {
        const learned = fitTypicality(seen);
        const at = (coverage: number) => typicalityOf(learned, { coverage, words: one.words });
        const [low, high] = [one.coverage, other.coverage].sort((a, b) => a - b) as [number, number];
        expect(at(high)).toBeGreaterThanOrEqual(at(low));
        expect(Number.isFinite(at(low))).toBe(true);
      }),
    );
  });

  it('is not made wider by copies of training messages', () => {
    const copies = Array.from({ length: 10 }, () => ({ coverage: 1, words: 8 }));
    const far = { coverage: 0.35, words: 8 };
    expect(typicalityOf(fitTypicality([...usual, ...copies]), far)).toBeLessThan(-3);
  });
});

describe('temperedByTypicality', () => {
  it.each<[string, number, number, number]>([
    ['a usual message keeps its confidence', 0.9, 0, 0.9],
    ['one at the edge nearly so', 0.9, -2, 0.86],
    ['a rare one loses', 0.9, -3, 0.41],
    ['a foreign one is capped, however sure the label', 0.999_999, -4.5, 0.12],
  ])('%s', (_, confidence, distance, wanted) => {
    expect(temperedByTypicality(confidence, distance)).toBeCloseTo(wanted, 1.5);
  });

  it('never raises a confidence, and rises with confidence and typicality', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    const distance = fc.double({ min: -20, max: 5, noNaN: true });
    fc.assert(
      fc.property(probability, probability, distance, distance, (p, q, d, e) => {
        const [low, high] = [Math.min(p, q), Math.max(p, q)];
        const [far, near] = [Math.min(d, e), Math.max(d, e)];
        expect(temperedByTypicality(high, near)).toBeLessThanOrEqual(high + 2e-7);
        expect(temperedByTypicality(low, far)).toBeLessThanOrEqual(temperedByTypicality(high, near) + 1e-12);
      }),
    );
  });
});
