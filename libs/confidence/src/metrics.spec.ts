import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auroc, brierScore, logLoss } from './metrics.js';

const rows = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { maxLength: 60 });
const confidencesOf = (some: readonly (readonly [number, boolean])[]) =>
  some.map(([confidence]) => confidence);
const rightOf = (some: readonly (readonly [number, boolean])[]) => some.map(([, right]) => right);

describe('proper scores', () => {
  it.each<[string, readonly number[], readonly boolean[], number, number]>([
    ['no rows', [], [], 0, 0],
    ['perfect', [1, 0], [true, false], 0, 0],
    ['one half', [0.5, 0.5], [true, false], 0.25, Math.LN2],
    ['sure and wrong', [1], [false], 1, -Math.log(1e-12)],
  ])('%s', (_, confidences, right, brier, loss) => {
    expect(brierScore(confidences, right)).toBeCloseTo(brier, 12);
    expect(logLoss(confidences, right)).toBeCloseTo(loss, 9);
  });
});

describe('auroc', () => {
  it.each<[string, readonly number[], readonly boolean[], number]>([
    ['parted', [0.1, 0.2, 0.8, 0.9], [false, false, true, true], 1],
    ['parted the wrong way', [0.1, 0.9], [true, false], 0],
    ['ties count half', [0.5, 0.5], [true, false], 0.5],
    ['one pair of four out of order', [0.1, 0.4, 0.3, 0.8], [false, false, true, true], 0.75],
    ['one kind only', [0.1, 0.2], [true, true], Number.NaN],
  ])('%s', (_, scores, positive, wanted) => expect(auroc(scores, positive)).toBe(wanted));

  it('is the share of pairs in order', () => {
    fc.assert(
      fc.property(rows, (some) => {
        const pairs = some.flatMap(([a, first]) =>
          some.flatMap(([b, second]) => (first && !second ? [a > b ? 1 : a === b ? 0.5 : 0] : [])),
        );
        if (pairs.length === 0) return;
        const share = pairs.reduce((sum: number, one) => sum + one, 0) / pairs.length;
        expect(auroc(confidencesOf(some), rightOf(some))).toBeCloseTo(share, 9);
      }),
    );
  });
});
