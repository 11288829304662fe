import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScoredRow } from './certify.js';
import { controlRisk } from './risk-control.js';

/** From the most certain answer down: '.' is right, 'x' is wrong, a space starts the next lower score. */
function ranked(text: string): ScoredRow[] {
  const groups = text.split(' ');
  return groups.flatMap((group, at) => [...group].map((mark) => ({ score: -at, wrong: mark === 'x' })));
}

const apart = (marks: string) => ranked([...marks].join(' '));
const right = (count: number) => '.'.repeat(count);

/** Numbers from 0 to 1 that look random and are always the same. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe('controlRisk', () => {
  it('counts accepted wrong answers against all rows, with one more wrong row', () => {
    expect(controlRisk(apart(`${right(60)}xxxx${right(35)}`), { target: 0.05 })).toMatchObject({
      verdict: 'controlled',
      accepted: 99,
      errors: 4,
      rows: 99,
      coverage: 1,
      expectedRisk: 0.05,
    });
  });

  it('counts messages whose answer has no score, and keeps none of them', () => {
    const rows = apart(`${right(60)}xxxx${right(10)}`);
    expect(controlRisk(rows, { target: 0.05 })).toMatchObject({ accepted: 62, rows: 74 });
    expect(controlRisk(rows, { target: 0.05, unscored: 25 })).toMatchObject({
      accepted: 74,
      rows: 99,
      coverage: 74 / 99,
    });
  });

  it('lets every higher threshold pass as well', () => {
    const result = controlRisk(ranked(`${right(30)} x${right(9)} ${'x'.repeat(9)}`), { target: 0.05 });
    expect(result).toMatchObject({
      verdict: 'controlled',
      threshold: -1,
      passed: [
        { accepted: 30, errors: 0 },
        { threshold: -1, accepted: 40, errors: 1 },
      ],
    });
  });

  it.each<[string, ScoredRow[], boolean]>([
    ['18 rows that nothing could have passed on are as good as unseen', apart(`x${right(17)}`), false],
    ['19 rows are spent', apart(`x${right(18)}`), true],
  ])('%s', (_, rows, spent) => {
    expect(controlRisk(rows, { target: 0.05 })).toMatchObject({ verdict: 'not_yet', spent });
  });

  it.each<[string, ScoredRow[], number | undefined]>([
    ['stops before one error too many', apart(`${right(60)}xxxxx${right(34)}`), 64],
    ['keeps equal scores together', ranked(`${right(60)} xxxxx ${right(34)}`), 60],
    ['needs 19 rows at 5 %', apart(right(19)), 19],
    ['and gets nowhere with 18', apart(right(18)), undefined],
  ])('%s', (_, rows, wanted) => {
    const result = controlRisk(rows, { target: 0.05 });
    expect(result.verdict === 'controlled' ? result.accepted : undefined).toBe(wanted);
  });

  it.each<[string, ScoredRow[], number, string]>([
    ['no rows', [], 0, 'not_yet 19'],
    ['one row short', apart(right(18)), 0, 'not_yet 1'],
    ['an unlucky first row', apart(`x${right(9)}`), 0, 'not_yet 38'],
    ['an unlucky best score', ranked(`x${right(9)} ${right(10)}`), 0, 'not_yet 38'],
    ['far too many wrong where it pays', apart(`${right(20)}${'x'.repeat(80)}`), 0.5, 'do_not_route'],
    ['too many wrong among equals', ranked(`${'x'.repeat(20)}${right(80)}`), 0, 'do_not_route'],
    ['never', apart(right(100)), 1.5, 'do_not_route'],
  ])('%s', (_, rows, breakEven, wanted) => {
    const result = controlRisk(rows, { target: 0.05, breakEven });
    expect(result.verdict === 'not_yet' ? `not_yet ${result.moreLabels}` : result.verdict).toBe(wanted);
  });

  it('keeps the share of all traffic on average, though single samples exceed it', () => {
    const random = sequence(11);
    const trials = 2000;
    let total = 0;
    let over = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const rows = Array.from({ length: 200 }, () => {
        const score = random();
        return { score, wrong: random() < 0.4 * (1 - score) };
      });
      const result = controlRisk(rows, { target: 0.05 });
      // Accepted and wrong: the integral of 0.4 (1 - u) from the threshold to 1.
      const risk = result.verdict === 'controlled' ? 0.2 * (1 - result.threshold) ** 2 : 0;
      total += risk;
      over += risk > 0.05 ? 1 : 0;
    }
    expect(total / trials).toBeLessThanOrEqual(0.05);
    expect(total / trials).toBeGreaterThan(0.043);
    expect(over / trials).toBeGreaterThan(0.2);
  });

  it('is the lowest threshold that the rule allows, for any rows', () => {
    const some = fc.array(fc.record({ score: fc.nat(30), wrong: fc.nat(9).map((one) => one === 9) }));
    fc.assert(
      fc.property(some, fc.double({ min: 0.01, max: 0.5, noNaN: true }), (rows, target) => {
        const allowed = [...new Set(rows.map(({ score }) => score))].filter((threshold) => {
          const errors = rows.filter(({ score, wrong }) => wrong && score >= threshold).length;
          return errors + 1 <= target * (rows.length + 1);
        });
        const result = controlRisk(rows, { target });
        const threshold = result.verdict === 'controlled' ? result.threshold : Number.POSITIVE_INFINITY;
        expect(threshold).toBe(Math.min(...allowed));
        if (result.verdict === 'not_yet') expect(result.moreLabels).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it.each([0, 1, Number.NaN])('rejects a target of %d', (target) => {
    expect(() => controlRisk([], { target })).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});
