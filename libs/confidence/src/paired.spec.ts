import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certifyNotWorse, notWorseChance, type PairedRow } from './paired.js';
import { seededRandom } from './random.js';

describe('notWorseChance', () => {
  it.each([
    ['no difference anywhere says nothing', { better: 0, worse: 0, rows: 1_000, margin: 0 }, 1],
    ['sign test: 5 of 5', { better: 5, worse: 0, rows: 1_000, margin: 0 }, 1 / 32],
    ['sign test: 8 of 10', { better: 8, worse: 2, rows: 1_000, margin: 0 }, 56 / 1_024],
    ['sign test: 2 of 10', { better: 2, worse: 8, rows: 1_000, margin: 0 }, 1_013 / 1_024],
    // Tango 1998, the example of two ways to clean contact lenses: Z = 1.709.
    ['a score test from the literature', { better: 0, worse: 1, rows: 44, margin: 0.1 }, 0.043_73],
    ['no difference anywhere, with a margin', { better: 0, worse: 0, rows: 300, margin: 0.01 }, 0.040_9],
    ['exactly the margin lost', { better: 0, worse: 10, rows: 1_000, margin: 0.01 }, 0.5],
  ])('%s', (_, outcome, wanted) => expect(notWorseChance(outcome)).toBeCloseTo(wanted, 4));

  it('falls with what is better and with the margin, and rises with what is worse', () => {
    const count = fc.integer({ min: 0, max: 200 });
    const margin = fc.double({ min: 0.001, max: 0.2, noNaN: true });
    fc.assert(
      fc.property(count, count, margin, (better, worse, tolerated) => {
        const at = { better, worse, rows: 1_000, margin: tolerated };
        const chance = notWorseChance(at);
        expect(chance).toBeGreaterThanOrEqual(0);
        expect(chance).toBeLessThanOrEqual(1);
        const slack = chance + 1e-6;
        expect(notWorseChance({ ...at, better: better + 1 })).toBeLessThanOrEqual(slack);
        expect(notWorseChance({ ...at, worse: worse + 1 })).toBeGreaterThanOrEqual(chance - 1e-6);
        expect(notWorseChance({ ...at, margin: tolerated + 0.01 })).toBeLessThanOrEqual(slack);
      }),
    );
  });
});

const both = { smallRight: true, bigRight: true };
const better = { smallRight: true, bigRight: false };
const worse = { smallRight: false, bigRight: true };
type Outcome = Omit<PairedRow, 'score'>;

/** Requests of falling score. */
const falling = (...parts: readonly (readonly [number, Outcome])[]): readonly PairedRow[] =>
  parts
    .flatMap(([times, outcome]) => Array.from({ length: times }, () => outcome))
    .map((outcome, at, all) => ({ ...outcome, score: 1 - at / all.length }));

describe('certifyNotWorse', () => {
  it.each<[string, readonly PairedRow[], number, number | undefined]>([
    ['keeps on until too much is worse', falling([40, both], [5, better], [95, both], [60, worse]), 0, 140],
    ['differences are needed where nothing may be lost', falling([200, both]), 0, undefined],
    ['and are not where a little may', falling([400, both]), 0.01, 400],
    ['the first test ends it', falling([50, worse], [150, better]), 0, undefined],
    ['no rows show nothing', [], 0.01, undefined],
  ])('%s', (_, rows, margin, kept) => {
    const found = certifyNotWorse(rows, { margin, delta: 0.05 });
    expect(found.verdict === 'certified' ? found.kept : undefined).toBe(kept);
  });

  it('starts where older data said', () => {
    const rows = falling([10, better], [100, worse], [90, both]);
    expect(certifyNotWorse(rows, { margin: 0, delta: 0.05 }).verdict).toBe('not_shown');
    expect(certifyNotWorse(rows, { margin: 0, delta: 0.05, start: 0.955 })).toMatchObject({ kept: 13 });
  });

  it('moves equal scores together, in whatever order the rows come', () => {
    const outcome = fc.constantFrom(both, better, worse);
    const score = fc.integer({ min: 0, max: 5 });
    const row = fc.record({ outcome, score }).map((one) => ({ ...one.outcome, score: one.score }));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), fc.constantFrom(0, 0.05), (rows, margin) => {
        const found = certifyNotWorse(rows, { margin, delta: 0.2 });
        expect(certifyNotWorse(rows.toReversed(), { margin, delta: 0.2 })).toEqual(found);
        if (found.verdict !== 'certified') return;
        for (const { threshold, kept, better: won, worse: lost } of found.passed) {
          const accepted = rows.filter((one) => one.score >= threshold);
          expect(kept).toBe(accepted.length);
          expect(won - lost).toBe(
            accepted.reduce((sum, one) => sum + Number(one.smallRight) - Number(one.bigRight), 0),
          );
        }
      }),
    );
  });

  it.each([
    [0, 500, 0.1],
    [0.01, 500, 0.1],
    [0.02, 300, 0.05],
    [0.02, 1_000, 0.3],
  ])('errs in at most 5 % where exactly the margin is lost: %d of %d rows', (margin, count, discordant) => {
    const random = seededRandom(11);
    const draw = (): PairedRow => {
      const at = random();
      const outcome = at < (discordant + margin) / 2 ? worse : at < discordant ? better : both;
      return { ...outcome, score: random() };
    };
    let wrong = 0;
    for (let trial = 0; trial < 1_500; trial += 1) {
      const rows = Array.from({ length: count }, draw);
      // At every threshold but the lowest less than the margin is lost; there it is lost in full.
      const found = certifyNotWorse(rows, {
        margin,
        delta: 0.05,
        start: Math.min(...rows.map((one) => one.score)),
      });
      wrong += found.verdict === 'certified' ? 1 : 0;
    }
    expect(wrong / 1_500).toBeLessThan(0.062);
  });

  it.each([
    { margin: -0.01, delta: 0.05 },
    { margin: 1, delta: 0.05 },
    { margin: Number.NaN, delta: 0.05 },
    { margin: 0, delta: 0 },
  ])('refuses %o', (options) => {
    expect(() => certifyNotWorse([], options)).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});
