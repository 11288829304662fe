import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adaptiveCalibrationError,
  auroc,
  brierScore,
  calibrationError,
  calibrationNoise,
  coverageAt,
  logLoss,
} from './metrics.js';

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

  it('are above zero by chance alone, less so with more rows', () => {
    let state = 1;
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const confidences = (count: number) => Array.from({ length: count }, (_, at) => (at + 0.5) / count);
    const few = calibrationNoise(confidences(100), random);
    expect(few).toBeGreaterThan(0.05);
    expect(few).toBeLessThan(0.2);
    expect(calibrationNoise(confidences(2_000), random)).toBeLessThan(few / 2);
  });
});

describe('proper scores', () => {
  it.each<[string, readonly number[], readonly boolean[], number, number]>([
    ['no rows', [], [], 0, 0],
    ['perfect', [1, 0], [true, false], 0, 0],
    ['one half', [0.5, 0.5], [true, false], 0.25, Math.LN2],
    ['sure and wrong', [1], [false], 1, -Math.log(1e-12)],
  ])('%s', (_, confidences, right, brier, loss) => {
    expect(brierScore(confidences, right)).toBeCloseTo(brier, 12);
    expect(logLoss(confidences, right)).toBeCloseTo(loss, 9);
  });
});

describe('auroc', () => {
  it.each<[string, readonly number[], readonly boolean[], number]>([
    ['parted', [0.1, 0.2, 0.8, 0.9], [false, false, true, true], 1],
    ['parted the wrong way', [0.1, 0.9], [true, false], 0],
    ['ties count half', [0.5, 0.5], [true, false], 0.5],
    ['one pair of four out of order', [0.1, 0.4, 0.3, 0.8], [false, false, true, true], 0.75],
    ['one kind only', [0.1, 0.2], [true, true], Number.NaN],
  ])('%s', (_, scores, positive, wanted) => expect(auroc(scores, positive)).toBe(wanted));

  it('is the share of pairs in order', () => {
    fc.assert(
      fc.property(rows, (some) => {
        const pairs = some.flatMap(([a, first]) =>
          some.flatMap(([b, second]) => (first && !second ? [a > b ? 1 : a === b ? 0.5 : 0] : [])),
        );
        if (pairs.length === 0) return;
        const share = pairs.reduce((sum: number, one) => sum + one, 0) / pairs.length;
        expect(auroc(confidencesOf(some), rightOf(some))).toBeCloseTo(share, 9);
      }),
    );
  });
});

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
