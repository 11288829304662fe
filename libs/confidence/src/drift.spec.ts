import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialCdf } from './binomial.js';
import { ALARM_AT, alarmed, type DriftState, evidence, observe, UNDRIFTED } from './drift.js';
import { seededRandom } from './random.js';

const labels = fc.array(
  fc.record({ wrong: fc.boolean(), weight: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
  { maxLength: 40 },
);
const level = fc.double({ min: 0.001, max: 0.49, noNaN: true });

/** Errors and right answers in an order that does not matter to what is asked. */
function folded(errors: number, right: number, at: number): DriftState {
  let state = UNDRIFTED;
  for (let n = 0; n < right; n += 1) state = observe(state, { wrong: false }, at);
  for (let n = 0; n < errors; n += 1) state = observe(state, { wrong: true }, at);
  return state;
}

describe('observe', () => {
  it('grows by one label in the mean, and evidence not at all, while the share of errors is the level', () => {
    fc.assert(
      fc.property(labels, level, (seen, at) => {
        const state = seen.reduce((so, one) => observe(so, one, at), UNDRIFTED);
        const [bad, good] = [observe(state, { wrong: true }, at), observe(state, { wrong: false }, at)];
        const mean = (of: (state: DriftState) => number) => at * of(bad) + (1 - at) * of(good);
        expect(mean(({ statistic }) => statistic) / (1 + state.statistic)).toBeCloseTo(1, 9);
        expect(mean(evidence) / evidence(state)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('does so too where rows of one kind are sampled more often than those of another', () => {
    const share = fc.double({ min: 0.05, max: 0.95, noNaN: true });
    fc.assert(
      fc.property(
        share,
        share,
        share,
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (kind, rate, other, error) => {
          // Errors of both kinds of row such that the level is their mean.
          const [errors, otherErrors] = [0.4 * error, 0.4 * (1 - error)];
          const at = kind * errors + (1 - kind) * otherErrors;
          const least = Math.min(rate, other);
          const sampled = kind * rate + (1 - kind) * other;
          const after = (wrong: boolean, weight: number) =>
            observe(UNDRIFTED, { wrong, weight }, at).statistic;
          const mean = (wrongs: number, weight: number) =>
            wrongs * after(true, weight) + (1 - wrongs) * after(false, weight);
          const expected =
            ((kind * rate) / sampled) * mean(errors, least / rate) +
            (((1 - kind) * other) / sampled) * mean(otherErrors, least / other);
          expect(expected).toBeCloseTo(1, 9);
        },
      ),
    );
  });

  it('counts, weighs nothing as full weight, and survives JSON', () => {
    fc.assert(
      fc.property(labels, level, (seen, at) => {
        const state = seen.reduce((so, one) => observe(so, one, at), UNDRIFTED);
        expect(state).toMatchObject({
          labels: seen.length,
          errors: seen.filter(({ wrong }) => wrong).length,
        });
        expect(observe(state, { wrong: true }, at)).toEqual(observe(state, { wrong: true, weight: 1 }, at));
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
    );
  });

  it('stays finite and can come down again whatever happens', () => {
    const stormy = folded(5_000, 0, 0.01);
    expect(JSON.parse(JSON.stringify(stormy))).toEqual(stormy);
    expect(alarmed(stormy)).toBe(true);
    const calm = Array.from({ length: 100_000 }).reduce<DriftState>(
      (so) => observe(so, { wrong: false }, 0.01),
      stormy,
    );
    expect(calm.statistic).toBeLessThan(ALARM_AT);
    expect(evidence(folded(0, 20_000, 0.05))).toBeGreaterThanOrEqual(0);
  });

  it.each<[string, number, number]>([
    ['no level', 0, 1],
    ['a level that cannot be doubled', 0.5, 1],
    ['not a level', Number.NaN, 1],
    ['no weight', 0.05, 0],
    ['more than a whole label', 0.05, 1.5],
  ])('refuses %s', (_, at, weight) => {
    expect(() => observe(UNDRIFTED, { wrong: true, weight }, at)).toThrow(
      expect.objectContaining({ code: 'rejected' }),
    );
  });
});

describe('evidence', () => {
  it.each([
    [0, 0],
    [5, 95],
    [20, 180],
    [60, 940],
    [130, 1_870],
  ])('is close to that of a Beta(1, 9) above the level: %d errors, %d right', (errors, right) => {
    const [at, all] = [0.05, errors + right];
    // ∫ of the likelihood ratio over the prior cut off below the level; the incomplete beta function as a binomial sum.
    const above = binomialCdf(errors, all + 9, at) / binomialCdf(0, 9, at);
    let logarithm = Math.log(above) - errors * Math.log(at) - right * Math.log1p(-at) + Math.log(9);
    for (let factor = 1; factor <= errors; factor += 1) logarithm += Math.log(factor / (right + 9 + factor));
    logarithm -= Math.log(right + 9);
    expect(Math.log(evidence(folded(errors, right, at))) - logarithm).toBeCloseTo(0, 0.7);
  });
});

describe('alarmed', () => {
  /** Share of 300 runs of 2,400 labels that ring, and the median label at which they do. */
  function runs(shareAt: (label: number) => number, seed: number) {
    const random = seededRandom(seed);
    const rung: number[] = [];
    for (let run = 0; run < 300; run += 1) {
      let state = UNDRIFTED;
      for (let label = 1; label <= 2_400 && !alarmed(state); label += 1) {
        state = observe(state, { wrong: random() < shareAt(label) }, 0.05);
      }
      if (alarmed(state)) rung.push(state.labels);
    }
    rung.sort((a, b) => a - b);
    return { share: rung.length / 300, median: rung[rung.length >> 1] as number };
  }

  it('rings in about 6 % of years without cause, at most in 10 %', () => {
    const { share } = runs(() => 0.05, 1);
    expect(share).toBeGreaterThan(0.02);
    expect(share).toBeLessThan(0.1);
  });

  it('finds 8 % after 3 % in about 98 % of years, in the median after some 445 labels', () => {
    const { share, median } = runs((label) => (label <= 800 ? 0.03 : 0.08), 2);
    expect(share).toBeGreaterThan(0.95);
    expect(Math.abs(median - 800 - 445)).toBeLessThan(60);
  });

  it('finds 12 % after 3 % always, in the median after some 145 labels', () => {
    const { share, median } = runs((label) => (label <= 800 ? 0.03 : 0.12), 3);
    expect(share).toBe(1);
    expect(Math.abs(median - 800 - 145)).toBeLessThan(20);
  });

  it('rings where it is told to', () => {
    const state = folded(3, 10, 0.05);
    expect(alarmed(state, state.statistic)).toBe(true);
    expect(alarmed(state, state.statistic + 1)).toBe(false);
    expect(alarmed({ ...UNDRIFTED, statistic: 24_000 })).toBe(true);
    expect(alarmed({ ...UNDRIFTED, statistic: 23_999 })).toBe(false);
  });
});
