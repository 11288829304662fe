import { binomialCdf } from '@spillway/confidence/binomial';
import { notWorseChance } from '@spillway/confidence/paired';
import { seededRandom } from '@spillway/confidence/random';
import { describe, expect, it } from 'vitest';
import { type NonInferiority, testNotWorse } from './non-inferiority.js';
import { mcnemar, type PairedOutcome } from './paired-shares.js';

const outcome = (rows: number, better: number, worse: number, designEffect = 1): PairedOutcome => ({
  rows,
  better,
  worse,
  designEffect,
});

describe('testNotWorse', () => {
  it.each<[string, PairedOutcome, number, Pick<NonInferiority, 'verdict' | 'moreRows'>]>([
    ['the same on many rows', outcome(1_540, 40, 38), 0.02, { verdict: 'shown', moreRows: 0 }],
    ['the same on few rows', outcome(150, 4, 4), 0.02, { verdict: 'open', moreRows: 735 }],
    [
      'half as good when rows come in pairs',
      outcome(150, 4, 4, 2),
      0.02,
      { verdict: 'open', moreRows: 1_620 },
    ],
    ['a little worse than allowed', outcome(1_000, 10, 35), 0.02, { verdict: 'open', moreRows: Infinity }],
    ['much worse than allowed', outcome(1_000, 10, 90), 0.02, { verdict: 'worse', moreRows: Infinity }],
    ['better on enough rows', outcome(300, 30, 10), 0, { verdict: 'shown', moreRows: 0 }],
    ['worse by the sign test', outcome(300, 10, 30), 0, { verdict: 'worse', moreRows: Infinity }],
    ['nothing differs, nothing may be lost', outcome(300, 0, 0), 0, { verdict: 'open', moreRows: Infinity }],
    ['no rows at all', outcome(0, 0, 0), 0.02, { verdict: 'open', moreRows: 133 }],
  ])('%s', (_, given, margin, wanted) => expect(testNotWorse(given, { margin })).toMatchObject(wanted));

  it('the bound is below the margin exactly where it is shown', () => {
    for (let worse = 0; worse <= 60; worse += 1) {
      const { verdict, lossAtMost } = testNotWorse(outcome(800, 20, worse), { margin: 0.02 });
      expect(lossAtMost <= 0.02).toBe(verdict === 'shown');
    }
  });

  it('with the rows that it asks for it is shown in about 80 % of draws', () => {
    const seen = outcome(300, 9, 9);
    const rows = 300 + testNotWorse(seen, { margin: 0.02 }).moreRows;
    const random = seededRandom(5);
    let shown = 0;
    for (let run = 0; run < 400; run += 1) {
      const drawn = drawOutcome(rows, 0.03, 0.03, random);
      shown += testNotWorse(drawn, { margin: 0.02 }).verdict === 'shown' ? 1 : 0;
    }
    expect(shown / 400).toBeGreaterThan(0.74);
    expect(shown / 400).toBeLessThan(0.86);
  });

  it.each([
    ['a margin below 0', { margin: -0.01 }],
    ['a margin of all', { margin: 1 }],
    ['an alpha of 0', { margin: 0.01, alpha: 0 }],
    ['a power of 1', { margin: 0.01, power: 1 }],
  ])('refuses %s', (_, options) =>
    expect(() => testNotWorse(outcome(10, 1, 1), options)).toThrow(/make no test/),
  );
});

function drawOutcome(rows: number, better: number, worse: number, random: () => number): PairedOutcome {
  const drawn = { rows, better: 0, worse: 0, designEffect: 1 };
  for (let row = 0; row < rows; row += 1) {
    const chance = random();
    if (chance < better) drawn.better += 1;
    else if (chance < better + worse) drawn.worse += 1;
  }
  return drawn;
}

/** The chance to say "not worse" where exactly the margin is lost, summed over all outcomes. */
function errorRate(rows: number, margin: number, worse: number): number {
  const better = worse - margin;
  let sum = 0;
  for (let lost = 0; lost <= rows; lost += 1) {
    const chance = binomialCdf(lost, rows, worse) - binomialCdf(lost - 1, rows, worse);
    if (chance < 1e-7) continue;
    // Of a given loss more gains only make the claim likelier: the first gain at which it is made decides.
    let least = 0;
    while (least <= rows - lost && notWorseChance({ better: least, worse: lost, rows, margin }) > 0.05)
      least += 1;
    sum += chance * (1 - binomialCdf(least - 1, rows - lost, better / (1 - worse)));
  }
  return sum;
}

describe('how often "no more than the margin is lost" is said wrongly', () => {
  it.each([
    [100, 0.01, 0.03, 0.056],
    [100, 0.05, 0.13, 0.05],
    [300, 0.02, 0.025, 0.05],
    [300, 0.02, 0.1, 0.051],
    [1_000, 0.01, 0.015, 0.05],
    [1_000, 0.05, 0.13, 0.051],
  ])('%s rows, margin %s, %s only the reference has right: at most %s', (rows, margin, worse, most) => {
    expect(errorRate(rows, margin, worse)).toBeLessThanOrEqual(most);
  });
});

describe('a model beside itself', () => {
  const called = (outcomes: readonly PairedOutcome[]): number =>
    outcomes.filter((one) => mcnemar(one).exact <= 0.05).length / outcomes.length;

  it('is called different in at most 5 % of runs, whatever number of rows differs', () => {
    for (let differing = 0; differing <= 800; differing += 1) {
      let fewer = 0;
      while (fewer <= differing && mcnemar(outcome(2_000, fewer, differing - fewer)).exact <= 0.05)
        fewer += 1;
      expect(2 * binomialCdf(fewer - 1, differing, 0.5)).toBeLessThanOrEqual(0.05);
    }
  });

  it('and in 9,000 runs of 100 to 2,000 rows, of which 2 to 40 % differ by chance', () => {
    const random = seededRandom(1);
    const runs = [100, 500, 2_000].flatMap((rows) =>
      [0.01, 0.05, 0.2].map((half) =>
        Array.from({ length: 1_000 }, () => drawOutcome(rows, half, half, random)),
      ),
    );
    expect(called(runs.flat())).toBeLessThanOrEqual(0.05);
    // A thousand runs alone scatter by 0.7 points.
    for (const each of runs) expect(called(each)).toBeLessThanOrEqual(0.064);
  });
});
