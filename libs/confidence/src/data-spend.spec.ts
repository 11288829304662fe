import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DataSpend, maySpend, type WantedSpend } from './data-spend.js';

const before: DataSpend = {
  task: 'classify',
  fit: 'fit 1',
  rows: ['a', 'b', 'c'],
  data: 'sha256:abc',
  target: 0.05,
  delta: 0.05,
  mode: 'selective',
};
const planned = { ...before, look: 1, delta: 0.03 };
const fresh = { rows: ['x', 'y'], data: 'sha256:xy' };
const more = { rows: ['a', 'b', 'c', 'd'], data: 'sha256:abcd' };

const outcome = (earlier: readonly DataSpend[], change: Partial<WantedSpend>) => {
  const result = maySpend(earlier, { ...before, fittedOn: [], ...change });
  return result.verdict === 'refused' ? `refused: ${result.reason}` : result.verdict;
};

describe('rows to certify on', () => {
  it.each<[string, readonly DataSpend[], Partial<WantedSpend>, string]>([
    ['never seen', [], {}, 'allowed'],
    ['fresh beside spent ones', [before], fresh, 'allowed'],
    ['fresh after a refit', [before], { ...fresh, fit: 'fit 2' }, 'allowed'],
    ['spent by another task', [before], { task: 'extract' }, 'allowed'],
    ['the very same again', [before], {}, 'same_as_before'],
    ['the same fitted elsewhere', [before], { fittedOn: ['z'] }, 'same_as_before'],
    [
      'after a refit',
      [before],
      { fit: 'fit 2' },
      'refused: 3 of these rows had been certified on with an earlier fit',
    ],
    ['one of them after a refit', [before], { rows: ['c', 'x'], data: 'cx', fit: 'fit 2' }, 'refused: 1 of'],
    [
      'after a refit, inside a plan',
      [planned],
      { ...more, fit: 'fit 2', look: 2 },
      'refused: 3 of these rows had been certified on with an earlier fit',
    ],
    [
      'with some more',
      [before],
      more,
      'refused: 3 of these rows had been certified on before. Certify on the fresh',
    ],
    [
      'with other labels',
      [before],
      { data: 'sha256:abd' },
      'refused: 3 of these rows had been certified on with other labels',
    ],
    [
      'for a looser target',
      [before],
      { target: 0.1 },
      'refused: 3 of these rows had been certified on before, for another target',
    ],
    ['for more delta', [before], { delta: 0.1 }, 'refused: 3 of'],
    ['from another start', [before], { start: 0.7 }, 'refused: 3 of'],
    ['in the other mode', [before], { mode: 'joint' }, 'refused: 3 of'],
    ['fitted to', [], { fittedOn: ['b', 'q', 'b'] }, 'refused: 1 of these rows had been fitted to'],
    [
      'twice the same row',
      [],
      { rows: ['a', 'b', 'a'] },
      'refused: 1 of these rows came up before in the same set',
    ],
    ['at the next look of a plan', [planned], { ...more, look: 2, delta: 0.01 }, 'allowed'],
    ['at the same look of a plan', [planned], { ...more, look: 1, delta: 0.03 }, 'refused: 3 of'],
    ['at an earlier look', [{ ...planned, look: 2 }], { ...more, look: 1 }, 'refused: 3 of'],
    ['at a look of a plan made up later', [before], { ...more, look: 2 }, 'refused: 3 of'],
    ['the same look again', [planned], { look: 1, delta: 0.03 }, 'same_as_before'],
  ])('%s', (_, earlier, change, wanted) => {
    expect(outcome(earlier, change).slice(0, wanted.length)).toBe(wanted);
  });

  it('gives back what was recorded with the same certification', () => {
    const entry = { ...before, certificate: 'kept with it' };
    expect(maySpend([entry], { ...before, fittedOn: [] })).toEqual({
      verdict: 'same_as_before',
      earlier: entry,
    });
  });

  it('are never certified on by two fits, and asking again changes nothing, whatever was asked in between', () => {
    const ask = fc.record({
      fit: fc.constantFrom('fit 1', 'fit 2'),
      rows: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 3 }),
      target: fc.constantFrom(0.05, 0.1),
    });
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 20 }), (asks) => {
        const ledger: DataSpend[] = [];
        for (const { fit, rows, target } of asks) {
          const wanted = { ...before, fit, rows, target, data: rows.toSorted().join(), fittedOn: [] };
          if (maySpend(ledger, wanted).verdict === 'allowed') ledger.push(wanted);
          const again = maySpend(ledger, wanted).verdict;
          expect(again).not.toBe('allowed');
        }
        const spent = ledger.flatMap(({ rows }) => rows);
        expect(new Set(spent).size).toBe(spent.length);
      }),
    );
  });
});
