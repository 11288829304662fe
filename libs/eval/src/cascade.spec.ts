import { seededRandom } from '@spillway/confidence/random';
import { describe, expect, it } from 'vitest';
import { type ComparedRow, crossFittedCascade, mostRightCascade, policyCascade } from './cascade.js';

const row = (score: number | undefined, smallRight: boolean, bigRight: boolean): ComparedRow => ({
  smallRight,
  bigRight,
  ...(score === undefined ? {} : { score }),
});

const options = { margin: 0.02, alpha: 0.05 };

describe('policyCascade', () => {
  const rows = [
    row(0.9, true, true),
    row(0.8, true, false),
    row(0.5, false, true),
    row(undefined, true, false),
  ];
  it.each<[string, readonly boolean[], readonly boolean[], number]>([
    ['small answers that are kept count', [true, true, true, false], [true, true, false, false], 0.25],
    ["all others are the big model's", [false, false, false, false], [true, false, true, false], 1],
  ])('%s', (_, kept, right, sent) =>
    expect(policyCascade(rows, { threshold: 0.5, kept }, options)).toMatchObject({
      threshold: 0.5,
      right,
      sent,
    }),
  );

  it('is tested against the big model alone on all rows', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => row(at / 1_000, at >= 500, at < 985));
    const keeping = (threshold: number) =>
      policyCascade(many, { threshold, kept: many.map(({ score = 0 }) => score >= threshold) }, options);
    expect(keeping(0.5).test.verdict).toBe('shown');
    expect(keeping(0.47).test.verdict).toBe('open');
    expect(keeping(0.3).test.verdict).toBe('worse');
  });
});

/** A small model that is right as often as its score says, beside a big one that is right at a fixed rate. */
function drawRows(count: number, bigRate: number, seed: number): readonly ComparedRow[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const score = random() ** 0.3;
    return row(score, random() < score, random() < bigRate);
  });
}

describe('crossFittedCascade', () => {
  const share = (right: readonly boolean[]) => right.filter(Boolean).length / right.length;

  it('keeps what it safely can, and sends the rest', () => {
    const rows = drawRows(3_000, 0.85, 1);
    const found = crossFittedCascade(rows, options);
    expect(found.threshold).toBeGreaterThan(0.3);
    expect(found.threshold).toBeLessThan(0.9);
    expect(found.sent).toBeGreaterThan(0.05);
    expect(found.sent).toBeLessThan(0.7);
    expect(share(found.right)).toBeGreaterThan(share(rows.map(({ bigRight }) => bigRight)) - 0.02);
  });

  it.each<[string, readonly ComparedRow[]]>([
    ['without rows', []],
    ['without scores', Array.from({ length: 500 }, () => row(undefined, true, true))],
    [
      'where the small model is wrong wherever the big one is right',
      Array.from({ length: 500 }, (_, at) => row(at / 500, false, true)),
    ],
    ['on too few rows', drawRows(40, 0.85, 2).map((one) => ({ ...one, smallRight: one.bigRight }))],
  ])('sends everything %s', (_, rows) => {
    const found = crossFittedCascade(rows, options);
    expect(found.threshold).toBe(Number.POSITIVE_INFINITY);
    expect(found.test.verdict).toBe('open');
    expect(found.kept).toEqual(rows.map(() => false));
  });

  it('does not judge a threshold on the rows that chose it: with scores that say nothing it gains nothing', () => {
    let gained = 0;
    for (let seed = 0; seed < 40; seed += 1) {
      const random = seededRandom(seed);
      const rows = Array.from({ length: 400 }, () => row(random(), random() < 0.8, random() < 0.8));
      const { right } = crossFittedCascade(rows, { margin: 0.05, alpha: 0.2 });
      gained += share(right) - share(rows.map(({ bigRight }) => bigRight));
    }
    expect(Math.abs(gained / 40)).toBeLessThan(0.008);
  });

  it('a row is kept or sent whatever its own label, and those of its fold, say', () => {
    const rows = drawRows(600, 0.85, 3);
    const inFirstFold = (_: unknown, at: number) => at % 5 === 0;
    const spoilt = rows.map((one, at) =>
      inFirstFold(one, at) ? { ...one, smallRight: !one.smallRight } : one,
    );
    const [before, after] = [crossFittedCascade(rows, options), crossFittedCascade(spoilt, options)];
    expect(after.kept.filter(inFirstFold)).toEqual(before.kept.filter(inFirstFold));
    expect(after.kept).not.toEqual(before.kept);
  });

  it('has a conversation on one side only, and counts it once', () => {
    const rows = drawRows(600, 0.85, 3);
    const once = crossFittedCascade(rows, options);
    const repeated = rows.flatMap((one, at) =>
      Array.from({ length: 5 }, () => ({ ...one, conversationId: `c${at}` })),
    );
    const found = crossFittedCascade(repeated, options);
    expect(found.threshold).toBe(once.threshold);
    expect([found.tested, found.test.lossAtMost]).toEqual([600, options.margin]);
    expect(found.kept.filter((_, at) => at % 5 === 0)).toEqual(once.kept);
    const alone = crossFittedCascade(
      repeated.map(({ conversationId: _, ...one }) => one),
      options,
    );
    expect(alone.threshold).toBeLessThan(once.threshold);
  });

  it('rows without a score are always sent, and stop no others from being kept', () => {
    const rows = drawRows(600, 0.5, 4);
    const silent = Array.from({ length: 900 }, () => row(undefined, false, true));
    const found = crossFittedCascade([...rows, ...silent], options);
    expect(found.kept.slice(600)).toEqual(silent.map(() => false));
    expect(found.test.verdict).toBe('shown');
    expect(found.threshold).toBe(Math.min(...rows.map(({ score = 1 }) => score)));
    expect(found.sent).toBeGreaterThanOrEqual(0.6);
  });
});

describe('mostRightCascade', () => {
  const NONE = Number.POSITIVE_INFINITY;
  it.each<[string, readonly ComparedRow[], number]>([
    ['keeps what the small model alone has right', [row(0.9, true, false), row(0.5, false, true)], 0.9],
    ['of equal ones sends the fewest', [row(0.9, true, false), row(0.5, true, true)], 0.5],
    [
      'goes below a loss that is made up for',
      [0.9, 0.8, 0.7].map((score) => row(score, score !== 0.9, score === 0.9)),
      0.7,
    ],
    [
      'does not part equal scores',
      [row(0.9, true, false), row(0.9, false, true), row(0.9, false, true)],
      NONE,
    ],
    ['sends everything where the small model only loses', [row(0.9, false, true)], NONE],
    ['sends everything without scores', [row(undefined, true, false)], NONE],
    ['sends everything without rows', [], NONE],
  ])('%s', (_, rows, threshold) => expect(mostRightCascade(rows).threshold).toBe(threshold));

  it('has more right than the cheapest that is certified, on rows that did not choose it', () => {
    const rows = drawRows(3_000, 0.85, 1);
    const right = (of: { readonly right: readonly boolean[] }) => of.right.filter(Boolean).length;
    expect(right(mostRightCascade(rows))).toBeGreaterThan(right(crossFittedCascade(rows, options)));
  });

  it('does not judge a threshold on the rows that chose it: with scores that say nothing it gains nothing', () => {
    let gained = 0;
    for (let seed = 0; seed < 40; seed += 1) {
      const random = seededRandom(seed);
      const rows = Array.from({ length: 400 }, () => row(random(), random() < 0.8, random() < 0.8));
      const { right } = mostRightCascade(rows);
      gained += (right.filter(Boolean).length - rows.filter(({ bigRight }) => bigRight).length) / 400;
    }
    expect(Math.abs(gained / 40)).toBeLessThan(0.008);
  });
});
