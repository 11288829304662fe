import { normalQuantile } from '@spillway/confidence/normal';
import { lossScore } from '@spillway/confidence/paired';
import { seededRandom } from '@spillway/confidence/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairedDifference } from './bootstrap.js';
import {
  differenceInterval,
  lossBound,
  mcnemar,
  type PairedOutcome,
  pairedOutcome,
} from './paired-shares.js';

const outcome = (rows: number, better: number, worse: number, designEffect = 1): PairedOutcome => ({
  rows,
  better,
  worse,
  designEffect,
});

it.each<[string, PairedOutcome, number, number]>([
  // Fagerland, Lydersen and Laake 2013, airway hyper-responsiveness before and after a transplantation.
  ['an example from the literature', outcome(21, 1, 7), 0.0703, 0.0391],
  ['nothing differs', outcome(500, 0, 0), 1, 1],
  ['as many better as worse', outcome(500, 20, 20), 1, 1],
  ['ten of ten', outcome(500, 10, 0), 2 / 1_024, 1 / 1_024],
  ['conversations of rows that are all alike', outcome(500, 20, 0, 2), 2 / 1_024, 1 / 1_024],
])('McNemar: %s', (_, given, exact, midP) => {
  expect(mcnemar(given).exact).toBeCloseTo(exact, 4);
  expect(mcnemar(given).midP).toBeCloseTo(midP, 4);
});

describe('the interval of a difference', () => {
  it.each<[string, PairedOutcome, number, number]>([
    ['an example from the literature (Fagerland and others 2014)', outcome(21, 1, 7), -0.517, -0.026],
    ['has a width where nothing differs', outcome(400, 0, 0), -0.01, 0.01],
    ['says nothing without rows', outcome(0, 0, 0), -1, 1],
    ['mirrors', outcome(21, 7, 1), 0.026, 0.517],
    ['is wider for rows of one conversation', outcome(800, 0, 0, 2), -0.01, 0.01],
  ])('%s', (_, given, lower, upper) => {
    const found = differenceInterval(given);
    expect(found.lower).toBeCloseTo(lower, 3);
    expect(found.upper).toBeCloseTo(upper, 3);
  });

  it('ends where the score test begins to reject, and holds what was seen', () => {
    const count = fc.integer({ min: 0, max: 120 });
    fc.assert(
      fc.property(count, count, (better, worse) => {
        const given = outcome(400, better, worse);
        const { lower, upper } = differenceInterval(given);
        const seen = (better - worse) / 400;
        expect(lower).toBeLessThanOrEqual(seen);
        expect(upper).toBeGreaterThanOrEqual(seen);
        const z = normalQuantile(0.975);
        expect(lossScore({ ...given, margin: -lower })).toBeCloseTo(-z, 9);
        expect(lossScore({ ...given, margin: -upper })).toBeCloseTo(z, 9);
        expect(lossBound(given, 0.025)).toBeCloseTo(-lower, 12);
      }),
    );
  });

  it('agrees with the bootstrap where there are rows enough', () => {
    const candidate = Array.from({ length: 1_000 }, (_, at) => Number(at < 800));
    const reference = Array.from({ length: 1_000 }, (_, at) => Number(at >= 60 && at < 850));
    const drawn = pairedDifference(candidate, reference, { random: seededRandom(3), rounds: 4_000 });
    const { lower, upper } = differenceInterval(
      pairedOutcome(candidate.map(Boolean), reference.map(Boolean)),
    );
    expect(drawn.estimate).toBeCloseTo(0.01, 12);
    expect(Math.abs(drawn.corrected.lower - lower)).toBeLessThan(0.003);
    expect(Math.abs(drawn.corrected.upper - upper)).toBeLessThan(0.003);
  });
});

describe('rows of one conversation', () => {
  const right = [true, true, true, true];
  const wrong = [false, false, true, true];
  it.each<[string, readonly (string | undefined)[] | undefined, number]>([
    ['rows that stand alone count fully', undefined, 1],
    ['so do those that name none', [undefined, undefined, undefined, undefined], 1],
    ['and those of different ones', ['a', 'b', 'c', 'd'], 1],
    ['what goes the same way in each conversation counts less', ['a', 'a', 'b', 'b'], 4],
    ['what differs within them never counts more', ['a', 'b', 'a', 'b'], 1],
    ['one conversation alone is one row', ['a', 'a', 'a', 'a'], 4],
  ])('%s', (_, clusters, effect) => {
    expect(pairedOutcome(right, wrong, clusters)).toEqual({
      rows: 4,
      better: 2,
      worse: 0,
      designEffect: effect,
    });
  });

  it('where nothing differs, they are taken to be alike', () => {
    expect(pairedOutcome(right, right, ['a', 'a', 'b', 'b']).designEffect).toBe(2);
  });
});
