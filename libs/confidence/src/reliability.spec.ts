import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clopperPearson } from './binomial.js';
import { seededRandom } from './random.js';
import {
  adaptiveCalibrationError,
  assessCalibration,
  type Binning,
  calibrationError,
  calibrationNoise,
  reliability,
} from './reliability.js';

const rows = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { maxLength: 60 });
const confidencesOf = (some: readonly (readonly [number, boolean])[]) =>
  some.map(([confidence]) => confidence);
const rightOf = (some: readonly (readonly [number, boolean])[]) => some.map(([, right]) => right);

describe('calibration errors', () => {
  it.each<[string, readonly number[], readonly boolean[], number]>([
    ['no rows', [], [], 0],
    ['sure and right', [1, 1], [true, true], 0],
    ['sure and wrong', [1, 1], [false, false], 1],
    ['half and half', [0.5, 0.5], [true, false], 0],
    ['the gap of one bin', [0.8, 0.8, 0.8, 0.8], [true, true, false, false], 0.3],
    ['a confidence of 1 is in the last bin', [1, 0.95], [false, true], 0.475],
    ['weighted by rows', [0.9, 0.9, 0.9, 0.1], [true, true, true, true], (3 * 0.1 + 0.9) / 4],
  ])('%s', (_, confidences, right, wanted) => {
    expect(calibrationError(confidences, right)).toBeCloseTo(wanted, 12);
  });

  it('differ where bins of equal width are nearly empty', () => {
    const confidences = [0.91, 0.92, 0.93, 0.94];
    const right = [true, true, true, false];
    expect(calibrationError(confidences, right, 2)).toBeCloseTo(0.175, 12);
    expect(adaptiveCalibrationError(confidences, right, 2)).toBeCloseTo((0.17 + 0.87) / 4, 12);
  });

  it('lie between 0 and 1, and bins of any kind see at most what rows alone show', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 20 }), (some, bins) => {
        const [confidences, right] = [confidencesOf(some), rightOf(some)];
        const alone = confidences.reduce((sum, one, at) => sum + Math.abs(one - (right[at] ? 1 : 0)), 0);
        for (const measure of [calibrationError, adaptiveCalibrationError]) {
          const error = measure(confidences, right, bins);
          expect(error).toBeGreaterThanOrEqual(0);
          expect(error).toBeLessThanOrEqual(alone / Math.max(1, some.length) + 1e-12);
        }
      }),
    );
  });

  it.each([
    [100, 0.078],
    [200, 0.054],
    [500, 0.034],
    [2_000, 0.017],
  ])('are above zero by chance alone: %d rows of a sure model, about %d', (count, wanted) => {
    const random = seededRandom(count);
    const confidences = Array.from({ length: count }, () => 1 - random() ** 2.5);
    const binning: Binning = { by: 'mass', bins: 10 };
    expect(Math.abs(calibrationNoise(confidences, random, { binning }) / wanted - 1)).toBeLessThan(0.2);
  });

  it('are above zero by chance less so with fewer bins', () => {
    const confidences = Array.from({ length: 300 }, (_, at) => (at + 0.5) / 300);
    const noise = (bins: number) =>
      calibrationNoise(confidences, seededRandom(1), { binning: { by: 'width', bins } });
    expect(noise(5)).toBeLessThan(0.75 * noise(15));
  });
});

describe('reliability', () => {
  it('has the mean, the accuracy and its exact interval of every bin with rows', () => {
    const bins = reliability([0.9, 0.1, 0.95, 0.3, 0.85], [true, false, true, true, false], {
      by: 'width',
      bins: 2,
    });
    expect(bins).toHaveLength(2);
    expect(bins[0]).toMatchObject({ rows: 2, accuracy: 0.5, interval: clopperPearson(1, 2, 0.95) });
    expect(bins[0]?.confidence).toBeCloseTo(0.2, 12);
    expect(bins[1]).toMatchObject({ rows: 3, accuracy: 2 / 3, interval: clopperPearson(2, 3, 0.95) });
    expect(bins[1]?.confidence).toBeCloseTo(0.9, 12);
    expect(reliability([], [])).toEqual([]);
  });

  it('loses no row, and adds up to the calibration error', () => {
    const binnings = fc.record({
      by: fc.constantFrom('width' as const, 'mass' as const),
      bins: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(rows, binnings, (some, binning) => {
        const [confidences, right] = [confidencesOf(some), rightOf(some)];
        const bins = reliability(confidences, right, binning);
        expect(bins.reduce((sum, bin) => sum + bin.rows, 0)).toBe(some.length);
        const gap = bins.reduce((sum, bin) => sum + bin.rows * Math.abs(bin.accuracy - bin.confidence), 0);
        const measure = binning.by === 'mass' ? adaptiveCalibrationError : calibrationError;
        expect(gap / Math.max(1, some.length)).toBeCloseTo(measure(confidences, right, binning.bins), 9);
        for (const [at, bin] of bins.entries()) {
          expect(bin.confidence).toBeGreaterThanOrEqual((bins[at - 1]?.confidence ?? 0) - 1e-12);
          if (binning.by === 'mass')
            expect(bin.rows).toBeLessThanOrEqual(Math.ceil(some.length / binning.bins));
        }
      }),
    );
  });
});

describe('assessCalibration', () => {
  /** Confidences from one half to 1, right by another rule, 150 times; the shares of intervals that miss the truth. */
  function missed(rows: number, truth: (confidence: number) => number, error: number) {
    const random = seededRandom(rows);
    let [above, below] = [0, 0];
    for (let run = 0; run < 150; run += 1) {
      const confidences = Array.from({ length: rows }, () => 0.5 + random() / 2);
      const right = confidences.map((one) => random() < truth(one));
      const binning: Binning = { by: 'mass', bins: 10 };
      const { interval } = assessCalibration(confidences, right, random, { binning, rounds: 100 });
      above += interval.lower > error ? 1 : 0;
      below += interval.upper < error ? 1 : 0;
    }
    return { above: above / 150, below: below / 150 };
  }

  it.each<[string, number, (confidence: number) => number, number]>([
    ['perfectly calibrated rows', 200, (one) => one, 0],
    ['more of them', 1_000, (one) => one, 0],
    // 0.4 of a mean confidence of 0.75.
    ['sure by too much', 200, (one) => 0.6 * one, 0.3],
    ['sure by too much, more rows', 1_000, (one) => 0.6 * one, 0.3],
    // ∫ |0.7 x - 0.45| over confidences from one half to 1.
    ['sure by too little here, too much there', 200, (one) => 0.45 + 0.3 * one, 0.1036],
  ])('has an interval that holds the error of endless rows: %s', (_, count, truth, error) => {
    const { above, below } = missed(count, truth, error);
    expect(above).toBeLessThan(0.1);
    expect(below).toBeLessThan(0.1);
  });

  it('says what is measured, and what chance gives', () => {
    const confidences = Array.from({ length: 400 }, (_, at) => 0.5 + at / 800);
    const right = confidences.map((_, at) => at % 2 === 0);
    const { error, byChance, interval } = assessCalibration(confidences, right, seededRandom(1));
    expect(error).toBe(calibrationError(confidences, right));
    expect(byChance).toBeCloseTo(calibrationNoise(confidences, seededRandom(1)), 12);
    expect(interval.lower).toBeGreaterThan(byChance);
    expect(interval.upper).toBeGreaterThan(error);
  });
});
