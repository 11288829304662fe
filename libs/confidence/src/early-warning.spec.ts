import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { earlyWarnings, scoreHistogram, scoreShift, type Traffic } from './early-warning.js';
import { seededRandom } from './random.js';

const counts = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 4, maxLength: 4 });
const some = counts.filter((bins) => bins.some((count) => count > 0));

describe('scoreHistogram', () => {
  it.each<[string, readonly number[], readonly number[]]>([
    ['no scores', [], [0, 0, 0, 0]],
    ['the lower edge belongs to the bin', [0, 0.25, 0.5, 0.75], [1, 1, 1, 1]],
    ['a score of 1 is in the last bin', [1, 0.99], [0, 0, 0, 2]],
    ['a score outside is in the nearest bin', [-0.1, 1.2], [1, 0, 0, 1]],
  ])('%s', (_, scores, wanted) => expect(scoreHistogram(scores, 4)).toEqual(wanted));
});

describe('scoreShift', () => {
  it('is nothing between a histogram and itself, and the same in both directions', () => {
    fc.assert(
      fc.property(some, some, (before, now) => {
        expect(scoreShift(before, before)).toEqual({ stability: 0, distance: 0, chance: 1 });
        const [there, back] = [scoreShift(before, now), scoreShift(now, before)];
        expect(there.stability).toBeCloseTo(back.stability, 9);
        expect(there.distance).toBeCloseTo(back.distance, 9);
        expect(there.stability).toBeGreaterThanOrEqual(0);
        expect(there.distance).toBeLessThanOrEqual(1 + 1e-12);
        expect(there.chance).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('adds up the moves of all bins, and takes the largest distance', () => {
    const { stability, distance } = scoreShift([60, 20, 20], [20, 20, 60]);
    const [many, few] = [60.5 / 101.5, 20.5 / 101.5];
    expect(stability).toBeCloseTo(2 * (many - few) * Math.log(many / few), 12);
    expect(distance).toBeCloseTo(0.4, 12);
  });

  // Tables of the Kolmogorov distribution: K(1.36) = 0.95, K(1.63) = 0.99, K(1.95) = 0.999.
  it.each([
    [1.3581, 0.05],
    [1.6276, 0.01],
    [1.9495, 0.001],
  ])('knows how rare a distance is: %d of a standard', (x, wanted) => {
    const rows = 2_000_000;
    const moved = Math.round((x * rows) / Math.sqrt(rows / 2));
    const { chance } = scoreShift([rows / 2, rows / 2], [rows / 2 + moved, rows / 2 - moved]);
    expect(chance / wanted).toBeCloseTo(1, 1.5);
  });

  it('corrects for few rows', () => {
    // 40 and 40 rows, 0.3 apart: the table of 20 rows has 0.294 at 0.05.
    expect(scoreShift([20, 20], [32, 8]).chance).toBeCloseTo(0.043, 3);
  });

  it('seldom takes chance for a move', () => {
    const random = seededRandom(6);
    const drawn = () => scoreHistogram(Array.from({ length: 400 }, random));
    const rare = Array.from({ length: 400 }, () => scoreShift(drawn(), drawn()).chance < 0.05);
    const share = rare.filter(Boolean).length / 400;
    expect(share).toBeLessThan(0.06);
    expect(share).toBeGreaterThan(0.005);
  });

  it.each<[string, readonly number[], readonly number[]]>([
    ['different bins', [1, 2], [1, 2, 3]],
    ['no rows before', [0, 0], [1, 2]],
    ['no rows now', [1, 2], [0, 0]],
  ])('refuses %s', (_, before, now) => {
    expect(() => scoreShift(before, now)).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});

describe('earlyWarnings', () => {
  const usual: Traffic = {
    scores: [10, 20, 70, 900],
    occurrences: { escalated: { events: 120, rows: 1_000 }, repaired: { events: 4, rows: 1_000 } },
  };
  const now = (changed: Partial<Traffic>): Traffic => ({ ...usual, ...changed });

  it.each<[string, Traffic, readonly string[]]>([
    ['nothing changed', usual, []],
    ['a little that may be chance', now({ scores: [12, 24, 80, 884] }), []],
    ['scores fell', now({ scores: [60, 140, 300, 500] }), ['scores']],
    ['few rows prove nothing', now({ scores: [1, 1, 2, 4] }), []],
    ['few rows prove nothing of shares', now({ occurrences: { escalated: { events: 3, rows: 10 } } }), []],
    ['more is escalated', now({ occurrences: { escalated: { events: 260, rows: 1_000 } } }), ['escalated']],
    ['less is escalated', now({ occurrences: { escalated: { events: 30, rows: 1_000 } } }), ['escalated']],
    ['a little more is escalated', now({ occurrences: { escalated: { events: 140, rows: 1_000 } } }), []],
    [
      'something rare is less rare',
      now({ occurrences: { repaired: { events: 40, rows: 1_000 } } }),
      ['repaired'],
    ],
    ['something new', now({ occurrences: { odd: { events: 500, rows: 1_000 } } }), []],
    ['no traffic', { scores: [0, 0, 0, 0], occurrences: { escalated: { events: 0, rows: 0 } } }, []],
  ])('%s', (_, traffic, wanted) => {
    expect(earlyWarnings(usual, traffic).map(({ signal }) => signal)).toEqual(wanted);
  });

  it.each<[string, Partial<Traffic>, readonly string[]]>([
    ['scores', { scores: [14_000, 28_000, 90_000, 868_000] }, []],
    ['scores by more', { scores: [28_000, 56_000, 180_000, 736_000] }, ['scores']],
    ['a share', { occurrences: { escalated: { events: 140_000, rows: 1_000_000 } } }, []],
    ['a share by more', { occurrences: { escalated: { events: 145_000, rows: 1_000_000 } } }, ['escalated']],
  ])('asks in much traffic whether a move matters: %s', (_, changed, wanted) => {
    const much: Traffic = {
      scores: usual.scores.map((count) => 1_000 * count),
      occurrences: { escalated: { events: 120_000, rows: 1_000_000 } },
    };
    expect(earlyWarnings(much, { ...much, ...changed }).map(({ signal }) => signal)).toEqual(wanted);
  });

  it('says what changed', () => {
    const warned = earlyWarnings(
      usual,
      now({ scores: [60, 140, 300, 500], occurrences: { escalated: { events: 260, rows: 1_000 } } }),
    );
    expect(warned.map(({ message }) => message)).toEqual([
      'the scores have moved: population stability index 0.89, largest distance 0.40 on 1000 rows',
      'escalated: 26.0 % of 1000 rows, 12.0 % before',
    ]);
  });
});
