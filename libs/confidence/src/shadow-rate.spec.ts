import { describe, expect, it } from 'vitest';
import { alarmed, observe, UNDRIFTED } from './drift.js';
import { seededRandom } from './random.js';
import { leastRate, ratesByScore } from './shadow-rate.js';

/** Rows by confidence in tenths, the last of them the surest. */
const scores = [0, 0, 0, 0, 0, 50, 100, 100, 150, 600];

describe('ratesByScore', () => {
  it('samples the share that was asked for, more of what is less sure, at one rate for each bin', () => {
    const rates = ratesByScore(scores, 0.7, 0.1);
    expect(rates).toHaveLength(10);
    const kept = scores.slice(7);
    const mean = kept.reduce((sum, rows, at) => sum + rows * (rates[7 + at] ?? 0), 0) / 850;
    expect(mean).toBeCloseTo(0.1, 6);
    expect(rates.slice(7)).toEqual(rates.slice(7).toSorted((one, other) => other - one));
    expect(leastRate(rates, 0.7)).toBe(rates[9]);
  });

  it('refuses where nothing is kept', () => {
    expect(() => ratesByScore(scores.with(9, 0), 0.95, 0.1)).toThrow(
      expect.objectContaining({ code: 'rejected' }),
    );
  });
});

describe('an alarm on labels that were sampled by their expected error', () => {
  /** Kept rows until the alarm, in the median of 40 runs in which less sure answers are wrong more often than expected. */
  function keptUntilAlarm(rateOf: (sure: boolean) => number, seed: number): number {
    const least = Math.min(rateOf(true), rateOf(false));
    const random = seededRandom(seed);
    const found = Array.from({ length: 40 }, () => {
      let state = UNDRIFTED;
      let kept = 0;
      while (!alarmed(state)) {
        kept += 1;
        const sure = random() < 0.8;
        const wrong = random() < (sure ? 0.04 : 0.4);
        const rate = rateOf(sure);
        if (random() < rate) state = observe(state, { wrong, weight: least / rate }, 0.05);
      }
      return kept;
    });
    return found.toSorted((one, other) => one - other)[20] ?? 0;
  }

  it('comes no later than on as many that were sampled evenly', () => {
    // 80 % at 0.95 and 20 % at 0.75.
    const rates = ratesByScore([0, 0, 0, 0, 0, 0, 0, 200, 0, 800], 0.7, 0.1);
    const spread = keptUntilAlarm((sure) => rates[sure ? 9 : 7] ?? 0, 1);
    expect(spread).toBeLessThan(1.1 * keptUntilAlarm(() => 0.1, 1));
  });
});
