import { describe, expect, it } from 'vitest';
import { sigmoid } from './log-odds.js';
import { applyScorer, fitScorer } from './logistic-scorer.js';
import { seededRandom } from './random.js';

function drawn(count: number, seed = 1) {
  const random = seededRandom(seed);
  const rows: Record<string, number>[] = [];
  const right: boolean[] = [];
  for (let at = 0; at < count; at += 1) {
    const row = { x: random() * 4 - 2, y: 100 * random(), constant: 7 };
    rows.push(row);
    right.push(random() < sigmoid(0.5 + 1.5 * row.x - 0.02 * (row.y - 50)));
  }
  return { rows, right };
}

describe('fitScorer', () => {
  it('finds the log-odds that outcomes were drawn from', () => {
    const { rows, right } = drawn(20_000);
    const scorer = fitScorer(rows, right);
    expect(scorer.features.map(({ name }) => name)).toEqual(['x', 'y']);
    const slope = (name: string): number => {
      const feature = scorer.features.find((each) => each.name === name);
      return (feature?.weight ?? 0) / (feature?.deviation ?? 1);
    };
    expect(slope('x')).toBeCloseTo(1.5, 1);
    expect(slope('y')).toBeCloseTo(-0.02, 2);
    expect(applyScorer(scorer, { x: 0, y: 50 })).toBeCloseTo(sigmoid(0.5), 1);
  });

  it('makes the penalised loss least', () => {
    const { rows, right } = drawn(200);
    const scorer = fitScorer(rows, right, { penalty: 3 });
    // At the optimum Σ (right - p)·z = penalty·weight, and the intercept, which is free, leaves no rest.
    const rest = rows.map((row, at) => (right[at] ? 1 : 0) - applyScorer(scorer, row));
    expect(rest.reduce((sum, each) => sum + each, 0)).toBeCloseTo(0, 4);
    for (const { name, mean, deviation, weight } of scorer.features) {
      const slope = rows.reduce(
        (sum, row, at) => sum + ((rest[at] ?? 0) * ((row[name] ?? 0) - mean)) / deviation,
        0,
      );
      expect(slope).toBeCloseTo(3 * weight, 4);
    }
  });

  it.each([1, 0.01])('stays finite where the outcomes are told apart entirely, penalty %d', (penalty) => {
    const rows = Array.from({ length: 60 }, (_, at) => ({ x: at }));
    const scorer = fitScorer(
      rows,
      rows.map(({ x }) => x >= 30),
      { penalty },
    );
    expect(applyScorer(scorer, { x: 60 })).toBeGreaterThan(0.9);
    expect(Number.isFinite(scorer.features[0]?.weight)).toBe(true);
  });

  it('bears copies of a feature', () => {
    const { rows, right } = drawn(300);
    const scorer = fitScorer(
      rows.map((row) => ({ ...row, again: row['x'] ?? 0 })),
      right,
    );
    const [again, x] = scorer.features;
    expect(again?.weight).toBeCloseTo(x?.weight ?? Number.NaN, 6);
  });

  it('learns what it means that a feature is absent', () => {
    const rows = Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? { x: at % 10 } : {}));
    const scorer = fitScorer(
      rows,
      rows.map((_, at) => at % 2 === 0 || at % 20 === 1),
    );
    expect(applyScorer(scorer, {})).toBeLessThan(0.2);
    expect(applyScorer(scorer, { x: 4 })).toBeGreaterThan(0.9);
  });

  it('learns from a reason that is there or not', () => {
    const rows = Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? { low_mass: 1 } : {}));
    const scorer = fitScorer(
      rows,
      rows.map((_, at) => at % 2 === 1),
    );
    expect(applyScorer(scorer, {})).toBeGreaterThan(applyScorer(scorer, { low_mass: 1 }) + 0.5);
  });

  it('knows nothing of an answer whose features it never saw', () => {
    const { rows, right } = drawn(500);
    const scorer = fitScorer(rows, right);
    expect(applyScorer(scorer, { other: 9, x: Number.NaN })).toBeCloseTo(sigmoid(scorer.intercept), 9);
  });

  it('is the same after a round trip through JSON', () => {
    const { rows, right } = drawn(50);
    const scorer = fitScorer(rows, right);
    expect(JSON.parse(JSON.stringify(scorer))).toEqual(scorer);
  });

  it('refuses no rows, and outcomes of other rows', () => {
    expect(() => fitScorer([], [])).toThrow(expect.objectContaining({ code: 'rejected' }));
    expect(() => fitScorer([{ x: 1 }], [])).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});
