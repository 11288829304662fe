import { upperBound } from '@spillway/confidence/binomial';
import type { ScoredRow } from '@spillway/confidence/certify';
import { seededRandom } from '@spillway/confidence/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHalf, fromQuarter, naive, pointwise, shipped } from '../../bench/confidence/procedures.js';
import { acceptedBy, ranked } from '../../bench/confidence/ranking.js';
import { scenarios } from '../../bench/confidence/scenarios.js';
import { simulate } from '../../bench/confidence/simulation.js';

const claim = { target: 0.2, delta: 0.2 };
const rows = fc.array(fc.record({ score: fc.integer({ min: 0, max: 9 }), wrong: fc.boolean() }), {
  maxLength: 80,
});

/** The lowest of the scores as a threshold that a rule lets pass. */
function lowest(
  all: readonly ScoredRow[],
  passes: (accepted: number, wrong: number) => boolean,
): number | undefined {
  const passing = all
    .map(({ score }) => score)
    .filter((threshold) => {
      const accepted = all.filter(({ score }) => score >= threshold);
      return passes(accepted.length, accepted.filter(({ wrong }) => wrong).length);
    });
  return passing.length === 0 ? undefined : Math.min(...passing);
}

describe('procedures', () => {
  it('pointwise takes the lowest threshold whose own bound is within the target', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const wanted = lowest(
          all,
          (accepted, wrong) => upperBound(wrong, accepted, claim.delta) <= claim.target,
        );
        expect(pointwise(80, claim).choose(all, claim)).toBe(wanted);
      }),
    );
  });

  it('naive takes the lowest with few wrong among the rows themselves', () => {
    fc.assert(
      fc.property(rows, (all) => {
        expect(naive.choose(all, claim)).toBe(
          lowest(all, (accepted, wrong) => wrong <= claim.target * accepted),
        );
      }),
    );
  });

  it('what is shipped starts at a quarter under 400 rows, and at half from there on', () => {
    const random = seededRandom(4);
    const good = scenarios[0] ?? expect.fail('no scenario');
    for (const [count, same] of [
      [380, fromQuarter],
      [400, fromHalf],
      [1_200, fromHalf],
    ] as const) {
      const drawn = Array.from({ length: count }, () => good.draw(random));
      const five = { target: 0.05, delta: 0.05 };
      expect(shipped.choose(drawn, five)).toBe(same.choose(drawn, five));
    }
  });
});

describe('ranked', () => {
  it('counts what a threshold accepts and what is wrong among it', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: -1, max: 10 }), (all, threshold) => {
        const order = ranked(all);
        const accepted = all.filter(({ score }) => score >= threshold);
        expect(acceptedBy(order, threshold)).toBe(accepted.length);
        expect(order.wrongAmong[accepted.length]).toBe(accepted.filter(({ wrong }) => wrong).length);
      }),
    );
  });
});

describe('scenarios', () => {
  it.each([
    ['S1', 0.107],
    ['S2', 0.078],
    ['S3', 0.189],
    ['S4', 0.111],
    ['S5', 0.134],
    ['S6', 0.06],
    ['S7', 0.062],
    ['S8', 0.05],
  ])('%s is wrong in %d of all answers, as its law says and as it draws', (name, wrong) => {
    const scenario = scenarios.find((one) => one.name === name) ?? expect.fail(name);
    const { coverage, risk } = scenario.truthAt(0);
    expect(coverage).toBeCloseTo(1, 9);
    expect(risk).toBeCloseTo(wrong, 3);
    const random = seededRandom(2);
    const drawn = Array.from({ length: 20_000 }, () => scenario.draw(random));
    for (const threshold of [0.5, 0.8]) {
      const truth = scenario.truthAt(threshold);
      const accepted = drawn.filter(({ score }) => score >= threshold);
      expect(accepted.length / drawn.length).toBeCloseTo(truth.coverage, 1.5);
      expect(accepted.filter((one) => one.wrong).length / accepted.length).toBeCloseTo(truth.risk, 1.8);
    }
  });
});

describe('simulate', () => {
  it('finds the pointwise bound out, and not the fixed sequence', () => {
    const worst = scenarios.find(({ name }) => name === 'S8') ?? expect.fail('no scenario');
    const procedures = [fromHalf, pointwise(1_000, { target: 0.05, delta: 0.05 })];
    const [walk, lucky] = simulate(procedures, worst, { rows: 1_000, trials: 300, seed: 3 });
    expect(walk?.violations).toBeLessThan(0.08);
    expect(lucky?.violations).toBeGreaterThan(0.12);
  });
});
