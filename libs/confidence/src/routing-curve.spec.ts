import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PairedRow } from './paired.js';
import {
  averageGapRecovered,
  bestPoint,
  gapRecovered,
  routingCurve,
  sentToRecover,
} from './routing-curve.js';

const row = (score: number, smallRight: boolean, bigRight: boolean): PairedRow => ({
  score,
  smallRight,
  bigRight,
});
const saved = (score: number) => row(score, false, true);
const same = (score: number) => row(score, true, true);
const spoilt = (score: number) => row(score, true, false);

describe('routingCurve', () => {
  it.each<[string, readonly PairedRow[], { gap: number; half: number; parity: number; best: number }]>([
    [
      'what the big model saves is sent first',
      [saved(1), same(2), same(3), same(4)],
      { gap: 0.875, half: 0.125, parity: 0.25, best: 0.25 },
    ],
    ['and last', [same(1), same(2), same(3), saved(4)], { gap: 0.125, half: 0.875, parity: 1, best: 1 }],
    [
      'equal scores go together',
      [saved(1), same(1), same(1), same(1)],
      { gap: 0.5, half: 0.5, parity: 1, best: 1 },
    ],
    [
      'both together beat the big one',
      [saved(1), saved(2), same(3), spoilt(4)],
      { gap: 1.375, half: 0.125, parity: 0.25, best: 0.5 },
    ],
  ])('%s', (_, rows, wanted) => {
    const curve = routingCurve(rows);
    expect(averageGapRecovered(curve)).toBeCloseTo(wanted.gap, 12);
    expect(sentToRecover(curve, 0.5)).toBeCloseTo(wanted.half, 12);
    expect(sentToRecover(curve, 1)).toBeCloseTo(wanted.parity, 12);
    expect(bestPoint(curve).sent).toBe(wanted.best);
  });

  it('goes from the small model alone to the big one, never backwards, in whatever order the rows come', () => {
    const any = fc.record({
      score: fc.integer({ min: 0, max: 6 }),
      smallRight: fc.boolean(),
      bigRight: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 40 }), (rows) => {
        const curve = routingCurve(rows);
        expect(curve.points[0]).toEqual({ sent: 0, right: curve.floor });
        expect(curve.points.at(-1)?.sent).toBe(1);
        expect(curve.points.at(-1)?.right).toBeCloseTo(curve.ceiling, 12);
        expect(curve.points).toEqual(curve.points.toSorted((a, b) => a.sent - b.sent));
        expect(routingCurve(rows.toReversed())).toEqual(curve);
      }),
    );
  });

  it('gives a half to a score and its opposite together', () => {
    const any = fc.record({
      score: fc.integer({ min: 0, max: 6 }),
      smallRight: fc.boolean(),
      bigRight: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 40 }), (rows) => {
        const curve = routingCurve(rows);
        fc.pre(curve.floor !== curve.ceiling);
        const opposite = routingCurve(rows.map((one) => ({ ...one, score: -one.score })));
        expect(averageGapRecovered(curve) + averageGapRecovered(opposite)).toBeCloseTo(1, 9);
      }),
    );
  });
});

it.each([
  ['what the small model has right recovers nothing', 0.6, 0.6, 0.8, 0],
  ['half of the way', 0.7, 0.6, 0.8, 0.5],
  ['more than the big model', 0.9, 0.6, 0.8, 1.5],
])('gapRecovered: %s', (_, right, floor, ceiling, wanted) =>
  expect(gapRecovered(right, { floor, ceiling })).toBeCloseTo(wanted, 12),
);

it('without a gap there is none to recover', () =>
  expect(gapRecovered(0.7, { floor: 0.7, ceiling: 0.7 })).toBeNaN());
