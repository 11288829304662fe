import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialCdf, clopperPearson, lowerBound, upperBound } from './binomial.js';

const share = fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true });
const counts = fc
  .integer({ min: 1, max: 5000 })
  .chain((trials) => fc.tuple(fc.integer({ min: 0, max: trials }), fc.constant(trials)));

describe('binomialCdf', () => {
  // Sums of all terms in decimal arithmetic of 60 digits (Python), of the doubles that the probabilities are.
  it.each([
    [0, 59, 0.05, 0.048494525249423],
    [2, 124, 0.05, 0.049529777678687],
    [16, 500, 0.05, 0.034290186598396],
    [0, 500, 0.05, 7.2744915614392e-12],
    [1, 500, 0.05, 1.9870848002037e-10],
    [0, 100_000, 0.005, 2.0327060161727e-218],
    [10, 100_000, 0.005, 5.8654036701831e-198],
    [400, 100_000, 0.005, 1.9726458767209e-6],
    [500, 100_000, 0.005, 0.5118911590485],
    [49_000, 1_000_000, 0.05, 2.1131824147902e-6],
    [46_000, 1_000_000, 0.05, 1.9273336758133e-77],
    [50_000, 1_000_000, 0.05, 0.50118980422812],
    [52_000, 1_000_000, 0.05, 1],
    [0, 1_000_000, 0.0005, 6.2871545426659e-218],
    [5, 1_000_000, 0.0006, 1.4507965338106e-249],
    [1, 10, 0.999, 9.9910000000001e-27],
    [485_000, 1_000_000, 0.5, 4.7262031262858e-198],
    [499_000, 1_000_000, 0.5, 0.022804149932691],
    [0, 1_000_000, 1e-12, 0.9999990000005],
    [10, 1000, 0.5, 2.4833387914896e-278],
    [1000, 6451, 0.3, 3.1827200356128e-161],
  ])('%d of %d at %d is the exact sum', (successes, trials, probability, wanted) => {
    expect(Math.abs(binomialCdf(successes, trials, probability) / wanted - 1)).toBeLessThan(1e-12);
  });

  // @stdlib/stats-base-dists-binomial-cdf 0.2.3
  it.each([
    [3, 20, 0.25, 0.22515604766431352],
    [8, 250, 0.05, 0.118627430063562],
    [21, 840, 0.05, 0.0001992885851036489],
    [83, 2000, 0.05, 0.04231466007700776],
    [7, 12, 0.5, 0.80615234375],
    [120, 400, 0.33, 0.11008245479254768],
  ])('%d of %d at %d is what stdlib says', (successes, trials, probability, wanted) => {
    expect(Math.abs(binomialCdf(successes, trials, probability) / wanted - 1)).toBeLessThan(1e-10);
  });

  it('is the sum of the terms, whatever the numbers', () => {
    const small = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(small, fc.nat(40), share, (trials, successes, probability) => {
        let term = (1 - probability) ** trials;
        let sum = 0;
        for (let at = 0; at <= Math.min(successes, trials); at += 1) {
          sum += term;
          term *= ((trials - at) / (at + 1)) * (probability / (1 - probability));
        }
        expect(Math.abs(binomialCdf(successes, trials, probability) / sum - 1)).toBeLessThan(1e-10);
      }),
    );
  });

  it.each([
    ['fewer than none', -1, 10, 0.5, 0],
    ['all', 10, 10, 0.5, 1],
    ['never', 3, 10, 0, 1],
    ['always', 3, 10, 1, 0],
    ['no trials', 0, 0, 0.5, 1],
  ])('%s', (_, successes, trials, probability, wanted) => {
    expect(binomialCdf(successes, trials, probability)).toBe(wanted);
  });
});

describe('upperBound', () => {
  // @stdlib/stats-base-dists-beta-quantile 0.2.3 at 1 - delta with events + 1 and trials - events
  it.each([
    [0, 59, 0.05, 0.04950760988822693],
    [1, 93, 0.05, 0.049993978387988317],
    [3, 300, 0.05, 0.025641393082609616],
    [21, 840, 0.05, 0.035802084726616105],
    [16, 500, 0.01, 0.05538674788217283],
    [999, 1000, 0.1, 0.9998946450345664],
    [500, 1000, 0.3, 0.5087885954605442],
    [0, 1, 0.05, 0.95],
  ])('of %d in %d at %d is what stdlib says', (events, trials, delta, wanted) => {
    expect(Math.abs(upperBound(events, trials, delta) / wanted - 1)).toBeLessThan(1e-10);
  });

  it('is 1 - delta^(1/n) without events, and 1 when there is nothing else', () => {
    expect(upperBound(0, 299, 0.05)).toBeCloseTo(1 - 0.05 ** (1 / 299), 14);
    expect(upperBound(7, 7, 0.05)).toBe(1);
    expect(upperBound(0, 0, 0.05)).toBe(1);
  });

  it('is at most a target exactly when the binomial test passes', () => {
    fc.assert(
      fc.property(counts, share, share, ([events, trials], target, delta) => {
        const passes = binomialCdf(events, trials, target) <= delta;
        expect(upperBound(events, trials, delta) <= target).toBe(passes);
      }),
    );
  });

  it('passes the test at itself, so that a bound may serve as a target', () => {
    fc.assert(
      fc.property(counts, share, ([events, trials], delta) => {
        if (events === trials) return;
        expect(binomialCdf(events, trials, upperBound(events, trials, delta))).toBeLessThanOrEqual(delta);
      }),
    );
  });

  it('rises with events and falls with trials and delta', () => {
    fc.assert(
      fc.property(counts, share, ([events, trials], delta) => {
        const bound = upperBound(events, trials, delta);
        expect(upperBound(Math.min(trials, events + 1), trials, delta)).toBeGreaterThanOrEqual(bound);
        expect(upperBound(events, trials + 1, delta)).toBeLessThanOrEqual(bound);
        expect(upperBound(events, trials, delta + (1 - delta) / 2)).toBeLessThanOrEqual(bound);
      }),
    );
  });

  it.each([
    [-1, 10, 0.05],
    [11, 10, 0.05],
    [Number.NaN, 10, 0.05],
    [1, Number.POSITIVE_INFINITY, 0.05],
    [1, 10, 0],
    [1, 10, 1],
  ])('rejects %d of %d at %d', (events, trials, delta) => {
    expect(() => upperBound(events, trials, delta)).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});

describe('clopperPearson', () => {
  // @stdlib/stats-base-dists-beta-quantile; the first ones are not whole numbers, as Korn and Graubard have them
  it.each([
    [2.5, 97.3, 0.95, 0.004295426743019622, 0.07998763803117778],
    [0.4, 12.5, 0.95, 0.0000057240152537074, 0.305791073561152],
    [3, 200, 0.95, 0.003104107621553509, 0.0432082819177126],
    [50, 60, 0.9, 0.7337092016272058, 0.9066930672947636],
  ])('of %d in %d at %d is what stdlib says', (events, trials, level, lower, upper) => {
    const interval = clopperPearson(events, trials, level);
    expect(Math.abs(interval.lower / lower - 1)).toBeLessThan(1e-10);
    expect(Math.abs(interval.upper / upper - 1)).toBeLessThan(1e-10);
  });

  it('reaches the ends of the scale with the counts', () => {
    expect(clopperPearson(0, 10, 0.95).lower).toBe(0);
    expect(clopperPearson(10, 10, 0.95).upper).toBe(1);
  });

  it('holds the share itself, mirrors with right and wrong swapped, and joins the one-sided bounds', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.5, max: 0.999, noNaN: true }), ([events, trials], level) => {
        const { lower, upper } = clopperPearson(events, trials, level);
        expect(lower).toBeLessThanOrEqual(events / trials);
        expect(upper).toBeGreaterThanOrEqual(events / trials);
        const mirrored = clopperPearson(trials - events, trials, level);
        expect(mirrored.lower).toBeCloseTo(1 - upper, 12);
        expect(lowerBound(events, trials, (1 - level) / 2)).toBe(lower);
      }),
    );
  });
});
