import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logit, sigmoid } from './log-odds.js';
import { logLoss } from './metrics.js';
import { applyPlatt, fitPlatt } from './platt.js';
import { seededRandom } from './random.js';

const probability = fc.double({ min: 0, max: 1, noNaN: true });

describe('fitPlatt', () => {
  const outcomes = fc.array(fc.tuple(probability, fc.boolean()), { minLength: 1, maxLength: 60 });

  it('keeps the order of confidences', () => {
    fc.assert(
      fc.property(outcomes, probability, probability, (rows, a, b) => {
        const platt = fitPlatt(
          rows.map(([p]) => p),
          rows.map(([, right]) => right),
        );
        const [low, high] = [applyPlatt(platt, Math.min(a, b)), applyPlatt(platt, Math.max(a, b))];
        expect(high).toBeGreaterThanOrEqual(low);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('finds the curve that outcomes were drawn from', () => {
    const random = seededRandom(3);
    const raw = Array.from({ length: 20_000 }, () => random());
    const right = raw.map((p) => random() < sigmoid(-1 + 0.5 * logit(p)));
    const { intercept, slope } = fitPlatt(raw, right);
    expect(intercept).toBeCloseTo(-1, 1);
    expect(slope).toBeCloseTo(0.5, 1);
    const calibrated = raw.map((p) => applyPlatt({ intercept, slope }, p));
    expect(logLoss(calibrated, right)).toBeLessThan(logLoss(raw, right));
  });

  it.each([
    ['all right', [true, true, true, true], 5 / 6],
    ['all wrong', [false, false, false, false], 1 / 6],
  ])('%s: still not certain', (_, right, wanted) => {
    const platt = fitPlatt([0.6, 0.6, 0.6, 0.6], right);
    expect(applyPlatt(platt, 0.6)).toBeCloseTo(wanted, 3);
  });

  it('keeps low confidences low where no outcome was wrong', () => {
    const sure = Array.from({ length: 100 }, (_, at) => 0.8 + (at % 20) / 100);
    const platt = fitPlatt(
      sure,
      sure.map(() => true),
    );
    expect(applyPlatt(platt, 0.95)).toBeGreaterThan(0.95);
    expect(applyPlatt(platt, 0.01)).toBeLessThan(0.5);
  });

  it('says the same of everything where high confidences are the wrong ones', () => {
    const repeated = Array.from({ length: 20 }, () => [0.9, 0.8, 0.2, 0.1]).flat();
    const platt = fitPlatt(
      repeated,
      repeated.map((confidence) => confidence < 0.5),
    );
    expect(platt.slope).toBe(0);
    expect(applyPlatt(platt, 0.99)).toBeCloseTo(0.5, 6);
  });

  it('refuses an empty set', () => {
    expect(() => fitPlatt([], [])).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});
