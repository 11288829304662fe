import { seededRandom } from '@spillway/confidence/random';
import { describe, expect, it } from 'vitest';
import { type BootstrapInterval, bootstrapInterval, meanOf, pairedDifference } from './bootstrap.js';

const meanInterval = (values: readonly number[], seed: number, rounds = 2_000, level = 0.95) =>
  bootstrapInterval(values.length, meanOf(Float64Array.from(values)), {
    random: seededRandom(seed),
    rounds,
    level,
  });
const width = ({ corrected }: BootstrapInterval): number => corrected.upper - corrected.lower;

/** Efron and Tibshirani 1993: entrance test and grades of 15 law schools. */
const schools = [
  [576, 3.39],
  [635, 3.3],
  [558, 2.81],
  [578, 3.03],
  [666, 3.44],
  [580, 3.07],
  [555, 3.0],
  [661, 3.43],
  [651, 3.36],
  [605, 3.13],
  [653, 3.12],
  [575, 2.74],
  [545, 2.76],
  [572, 2.88],
  [594, 2.96],
] as const;

function correlation(drawn: Int32Array): number {
  const pairs = Array.from(drawn, (at) => schools[at] as readonly [number, number]);
  const mean = (of: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[of], 0) / pairs.length;
  const [first, second] = [mean(0), mean(1)];
  const product = (one: 0 | 1, other: 0 | 1) =>
    pairs.reduce(
      (sum, pair) => sum + (pair[one] - (one ? second : first)) * (pair[other] - (other ? second : first)),
      0,
    );
  return product(0, 1) / Math.sqrt(product(0, 0) * product(1, 1));
}

describe('bootstrapInterval', () => {
  it('gives the intervals of the book', () => {
    const found = bootstrapInterval(15, correlation, { random: seededRandom(1), rounds: 20_000, level: 0.9 });
    expect(found.estimate).toBeCloseTo(0.776, 3);
    expect(found.standardError).toBeCloseTo(0.13, 1);
    expect(Math.abs(found.percentile.lower - 0.53)).toBeLessThan(0.02);
    expect(Math.abs(found.percentile.upper - 0.95)).toBeLessThan(0.02);
    expect(Math.abs(found.corrected.lower - 0.43)).toBeLessThan(0.03);
    expect(Math.abs(found.corrected.upper - 0.92)).toBeLessThan(0.03);
  });

  it('the same seed gives the same interval, another one another', () => {
    const values = Array.from({ length: 50 }, (_, at) => (at * at) % 17);
    expect(meanInterval(values, 1)).toEqual(meanInterval(values, 1));
    expect(meanInterval(values, 1)).not.toEqual(meanInterval(values, 2));
  });

  it('the correction leans to the side of the long tail', () => {
    const found = meanInterval([...new Array(45).fill(0), 10, 12, 15, 20, 40], 3, 8_000);
    expect(found.corrected.lower).toBeGreaterThan(found.percentile.lower);
    expect(found.corrected.upper).toBeGreaterThan(found.percentile.upper);
  });

  it('holds the mean in about 95 % of samples', () => {
    const random = seededRandom(11);
    let held = 0;
    for (let run = 0; run < 400; run += 1) {
      const { corrected } = meanInterval(
        Array.from({ length: 150 }, () => random() ** 2),
        run,
        400,
      );
      if (corrected.lower <= 1 / 3 && 1 / 3 <= corrected.upper) held += 1;
    }
    expect(held).toBeGreaterThan(366);
    expect(held).toBeLessThan(394);
  });

  it.each([
    ['nothing varies', [1, 1, 1, 1], [Number.NaN, Number.NaN]],
    ['no rows', [], [Number.NaN, Number.NaN]],
    ['one row', [3], [Number.NaN, Number.NaN]],
  ])('%s', (_, values, wanted) => {
    const { corrected } = meanInterval(values, 1);
    expect([corrected.lower, corrected.upper]).toEqual(wanted);
  });

  it('leaves out draws that have no figure', () => {
    const found = bootstrapInterval(4, (drawn) => (drawn.includes(0) ? (drawn[0] ?? 0) : Number.NaN), {
      random: seededRandom(1),
    });
    expect(found.percentile).toEqual({ lower: 0, upper: 3 });
  });
});

describe('pairedDifference', () => {
  const reference = Array.from({ length: 200 }, (_, at) => at % 7);
  const candidate = reference.map((one, at) => one + (at % 5 === 0 ? 1 : 0));

  it('is far narrower than both figures apart', () => {
    const paired = pairedDifference(candidate, reference, { random: seededRandom(1) });
    expect(paired.estimate).toBeCloseTo(0.2, 12);
    expect(width(paired)).toBeLessThan(0.2 * width(meanInterval(reference, 1)) * 2);
  });

  it('draws the rows of a conversation together', () => {
    const alike = candidate.map((_, at) => `${Math.floor(at / 5)}-${at % 5 === 0}`);
    const alone = pairedDifference(candidate, reference, { random: seededRandom(1) });
    const groups = Array.from({ length: 200 }, (_, at) => `group ${at % 5 === 0 ? at % 40 : 1_000 + at}`);
    const together = pairedDifference(candidate, reference, { random: seededRandom(1), clusters: groups });
    const asBefore = pairedDifference(candidate, reference, { random: seededRandom(1), clusters: alike });
    expect(width(together)).toBeGreaterThan(1.5 * width(alone));
    expect(width(asBefore)).toBeGreaterThan(0.8 * width(alone));
  });
});
