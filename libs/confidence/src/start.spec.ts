import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialCdf } from './binomial.js';
import { certify, type ScoredRow } from './certify.js';
import { seededRandom } from './random.js';
import { startFrom } from './start.js';

const claim = { target: 0.1, delta: 0.05 };

/** Answers of falling score, in parts of which so many are wrong, the wrong ones last. */
const falling = (...parts: readonly (readonly [right: number, wrong: number])[]): readonly ScoredRow[] =>
  parts
    .flatMap(([right, wrong]) => Array.from({ length: right + wrong }, (_, at) => at >= right))
    .map((wrong, at, all) => ({ score: all.length - at, wrong }));

describe('startFrom', () => {
  it.each<[string, readonly ScoredRow[], number | undefined]>([
    ['where nothing is wrong, all rows', falling([50, 0]), 50],
    ['before what is mostly wrong', falling([80, 0], [10, 10]), 90],
    ['past an early error that later rows make good', falling([5, 1], [80, 0], [0, 10]), 86],
    ['nowhere, where too much is wrong throughout', falling([0, 1], [4, 2], [4, 2]), undefined],
    ['nowhere without rows', [], undefined],
  ])('%s', (_, rows, kept) => {
    const start = startFrom(rows, claim);
    expect(start === undefined ? undefined : rows.filter(({ score }) => score >= start).length).toBe(kept);
  });

  it('finds the threshold that speaks most clearly for the claim, equal scores together', () => {
    const any = fc.array(fc.record({ score: fc.integer({ min: 0, max: 8 }), wrong: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(any, (rows) => {
        const start = startFrom(rows, { target: 0.4, delta: 0.05 });
        const chanceAt = (threshold: number) => {
          const kept = rows.filter(({ score }) => score >= threshold);
          return binomialCdf(kept.filter(({ wrong }) => wrong).length, kept.length, 0.4);
        };
        const best = Math.min(1, ...rows.map(({ score }) => chanceAt(score)));
        if (start !== undefined) expect(chanceAt(start)).toBe(best);
      }),
    );
  });

  it('certifies where a start by the number of rows certifies nothing', () => {
    const random = seededRandom(5);
    // A third of the answers is nearly always right, the rest hardly ever.
    const draw = (): ScoredRow => {
      const score = random();
      return { score, wrong: random() < (score > 0.65 ? 0.03 : 0.6) };
    };
    const older = Array.from({ length: 1_000 }, draw);
    const fresh = Array.from({ length: 1_000 }, draw);
    const start = startFrom(older, claim) ?? expect.fail('no start');
    expect(certify(fresh, claim).verdict).toBe('not_yet');
    expect(certify(fresh, { ...claim, start })).toMatchObject({ verdict: 'certified' });
  });

  it('refuses a target that is none', () => {
    expect(() => startFrom([], { target: 1, delta: 0.05 })).toThrow(
      expect.objectContaining({ code: 'rejected' }),
    );
  });
});
