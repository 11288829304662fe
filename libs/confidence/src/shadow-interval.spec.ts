import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clopperPearson } from './binomial.js';
import { seededRandom } from './random.js';
import { type ShadowLabel, shadowError } from './shadow-interval.js';
import { fitShadowRates, shadowRate } from './shadow-rate.js';

const label = fc.record({ wrong: fc.boolean(), rate: fc.double({ min: 0.005, max: 1, noNaN: true }) });
const labels = fc.array(label, { minLength: 1, maxLength: 60 });
const repeated = (times: number, wrong: boolean, rate: number): ShadowLabel[] =>
  Array.from({ length: times }, () => ({ wrong, rate }));

describe('shadowError', () => {
  it('is the exact interval at one rate', () => {
    const sample = [...repeated(4, true, 0.02), ...repeated(196, false, 0.02)];
    expect(shadowError(sample, 0.95)).toEqual({
      labels: 200,
      errors: 4,
      share: 0.02,
      interval: clopperPearson(4, 200, 0.95),
      method: 'clopper_pearson',
    });
  });

  it('weighs rows by what they stand for at different rates', () => {
    // 10 of 1,000 rows at 1 %, of which one is wrong; all of 100 rows at 1, of which 50 are.
    const sample = [
      ...repeated(1, true, 0.01),
      ...repeated(9, false, 0.01),
      ...repeated(50, true, 1),
      ...repeated(50, false, 1),
    ];
    const found = shadowError(sample, 0.95);
    expect(found).toMatchObject({ labels: 110, errors: 51, method: 'korn_graubard' });
    expect(found.share).toBeCloseTo((100 + 50) / 1_100, 12);
    // By hand: v = Σ w² (z - θ)² / (Σ w)², n = θ (1 - θ) / v.
    const theta = 150 / 1_100;
    const variance =
      (1e4 * ((1 - theta) ** 2 + 9 * theta ** 2) + 50 * ((1 - theta) ** 2 + theta ** 2)) / 1_100 ** 2;
    const trials = (theta * (1 - theta)) / variance;
    const wanted = clopperPearson(theta * trials, trials, 0.95);
    expect(found.interval.lower).toBeCloseTo(wanted.lower, 9);
    expect(found.interval.upper).toBeCloseTo(wanted.upper, 9);
  });

  it.each([
    ['no error', false, 0, 0],
    ['nothing but errors', true, 1, 1],
  ])('says no more than the weights alone where there is %s', (_, wrong, share, end) => {
    const { interval, ...found } = shadowError(
      [...repeated(50, wrong, 0.02), ...repeated(50, wrong, 0.5)],
      0.95,
    );
    expect(found.share).toBe(share);
    // (Σ w)² / Σ w² labels: those at the high rate say little.
    const trials = (50 * 50 + 50 * 2) ** 2 / (50 * 50 ** 2 + 50 * 2 ** 2);
    expect(interval).toEqual(clopperPearson(share * trials, trials, 0.95));
    expect([interval.lower, interval.upper]).toContain(end);
  });

  it('holds the share inside the interval, whatever the rates', () => {
    fc.assert(
      fc.property(labels, (sample) => {
        const { share, interval } = shadowError(sample, 0.9);
        expect(interval.lower).toBeLessThanOrEqual(share);
        expect(interval.upper).toBeGreaterThanOrEqual(share);
        expect(interval.lower).toBeGreaterThanOrEqual(0);
        expect(interval.upper).toBeLessThanOrEqual(1);
      }),
    );
  });

  it.each<[string, readonly ShadowLabel[]]>([
    ['no labels', []],
    ['a rate of 0', [{ wrong: true, rate: 0 }]],
    ['a rate above 1', [{ wrong: true, rate: 1.1 }]],
    ['no rate', [{ wrong: true, rate: Number.NaN }]],
  ])('refuses %s', (_, sample) => {
    expect(() => shadowError(sample, 0.95)).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});

describe('rates that follow the probability of an error', () => {
  const SHARE = 0.85 * 0.005 + 0.15 * 0.17;

  /** Accepted rows of which some 3 % are wrong, mostly those that are said to be. */
  function accepted(rows: number, random: () => number) {
    return Array.from({ length: rows }, () => {
      const probability = random() < 0.85 ? 0.005 : 0.17;
      return { probability, wrong: random() < probability };
    });
  }

  function simulated(rateOf: (probability: number) => number, runs: number, seed: number) {
    const random = seededRandom(seed);
    const found = Array.from({ length: runs }, () => {
      const sample = accepted(4_000, random)
        .map((row) => ({ wrong: row.wrong, rate: rateOf(row.probability) }))
        .filter(({ rate }) => random() < rate);
      return shadowError(sample, 0.95);
    });
    const mean = (of: (one: (typeof found)[number]) => number) =>
      found.reduce((sum, one) => sum + of(one), 0) / runs;
    return {
      covered: mean(({ interval }) => (interval.lower <= SHARE && interval.upper >= SHARE ? 1 : 0)),
      deviation: Math.sqrt(mean(({ share }) => (share - SHARE) ** 2)),
      labels: mean((one) => one.labels),
      share: mean(({ share }) => share),
    };
  }

  const rates = fitShadowRates(
    [
      { probability: 0.005, rows: 850 },
      { probability: 0.17, rows: 150 },
    ],
    0.1,
  );

  it('cost the same labels, keep the interval true, and are sharper', () => {
    const uniform = simulated(() => 0.1, 400, 5);
    const informed = simulated((probability) => shadowRate(rates, probability), 400, 5);
    expect(informed.labels / uniform.labels).toBeCloseTo(1, 1);
    expect(uniform.covered).toBeGreaterThan(0.93);
    expect(informed.covered).toBeGreaterThan(0.93);
    expect(informed.share).toBeCloseTo(SHARE, 2.5);
    expect(informed.deviation / uniform.deviation).toBeLessThan(0.85);
  });

  it('are never under the floor nor over 1, and grow with the probability up to one half', () => {
    const probability = fc.double({ min: 0, max: 0.5, noNaN: true });
    const plan = fc.record({
      scale: fc.double({ min: 0, max: 100, noNaN: true }),
      floor: fc.double({ min: 0.005, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(plan, probability, probability, (some, a, b) => {
        const [low, high] = [shadowRate(some, Math.min(a, b)), shadowRate(some, Math.max(a, b))];
        expect(low).toBeGreaterThanOrEqual(some.floor);
        expect(high).toBeGreaterThanOrEqual(low);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('have the mean that was asked for', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            probability: fc.double({ min: 0, max: 1, noNaN: true }),
            rows: fc.integer({ min: 1, max: 1_000 }),
          }),
          { minLength: 1, maxLength: 20 },
        ),
        fc.double({ min: 0.005, max: 1, noNaN: true }),
        (errors, rate) => {
          const plan = fitShadowRates(errors, rate);
          const all = errors.reduce((sum, { rows }) => sum + rows, 0);
          const sampled = errors.map(({ probability, rows: n }) => n * shadowRate(plan, probability));
          const mean = sampled.reduce((sum, one) => sum + one, 0) / all;
          expect(mean).toBeCloseTo(rate, 6);
        },
      ),
    );
  });

  it.each<[string, readonly number[], number, number]>([
    ['no rows', [], 0.02, 0.01],
    ['a floor under the least', [0.1], 0.02, 0.001],
    ['a floor above the rate', [0.1], 0.02, 0.03],
    ['a rate above 1', [0.1], 1.5, 0.01],
  ])('refuse %s', (_, probabilities, rate, floor) => {
    const errors = probabilities.map((probability) => ({ probability, rows: 1 }));
    expect(() => fitShadowRates(errors, rate, floor)).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});
