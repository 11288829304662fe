import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPlatt, fitPlatt, fitTemperature, logit, sigmoid, temper } from './calibration.js';
import { logLoss } from './metrics.js';

const probability = fc.double({ min: 0, max: 1, noNaN: true });
const scores = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 2, maxLength: 8 });
const likeliest = (numbers: ArrayLike<number>) =>
  Array.from(numbers).indexOf(Math.max(...Array.from(numbers)));

/** Numbers that look random and are always the same. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe('logit and sigmoid', () => {
  it.each([
    [0.5, 0],
    [0.9, Math.log(9)],
    [0.1, -Math.log(9)],
  ])('logit(%d) is %d and back', (p, x) => {
    expect(logit(p)).toBeCloseTo(x, 12);
    expect(sigmoid(x)).toBeCloseTo(p, 12);
  });

  it('stays finite at the ends', () => {
    expect(Number.isFinite(logit(0)) && Number.isFinite(logit(1))).toBe(true);
  });
});

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
    const random = sequence(7);
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
    const random = sequence(3);
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
