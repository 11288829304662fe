import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataHash, foldText, oneOfEach, rowHash } from './data-rows.js';

describe('foldText', () => {
  it.each([
    ['Where is my order?', 'where is my order'],
    ['  where — is\tmy\n\norder!!! ', 'where is my order'],
    ['Ｗｈｅｒｅ is my ORDER', 'where is my order'],
    ['Order #123-456', 'order 123 456'],
    ['Grüße, Straße', 'grüße straße'],
    ['I paid $5 + tax', 'i paid $5 + tax'],
    ['👍 thanks', '👍 thanks'],
    ['???', '???'],
    [' ... ', '...'],
    ['', ''],
  ])('%j reads %j', (text, wanted) => {
    expect(foldText(text)).toBe(wanted);
  });

  it('folds what is folded no further', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(foldText(foldText(text))).toBe(foldText(text));
      }),
    );
  });
});

describe('hashes', () => {
  it('name a row by its folded text', () => {
    // printf 'where is my order' | sha256sum
    expect(rowHash('Where is my order?')).toBe(
      '7ef1b7dbfb230768b938783139644a531f6ebe912ecb1d4b182a992e9bd5eefc',
    );
    expect(rowHash('where is my orders')).not.toBe(rowHash('where is my order'));
  });

  it('name the data by its rows and labels, in any order', () => {
    const [a, b] = [
      { row: rowHash('one'), label: 'refund' },
      { row: rowHash('two'), label: 'delivery' },
    ];
    expect(dataHash([a, b])).toBe(dataHash([b, a]));
    expect(dataHash([a, b])).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(dataHash([a, { ...b, label: 'refund' }])).not.toBe(dataHash([a, b]));
    expect(dataHash([a])).not.toBe(dataHash([a, a]));
  });
});

describe('oneOfEach', () => {
  const keep = (rows: readonly [text: string, thread?: string][]) =>
    oneOfEach(
      rows,
      ([text]) => text,
      ([, thread]) => thread,
    ).map(([text]) => text);

  it.each<[string, [string, string?][], string[]]>([
    ['different texts stay', [['a'], ['b']], ['a', 'b']],
    ['the first of near-duplicates stays', [['Hello!'], ['hello'], ['HELLO ...']], ['Hello!']],
    [
      'the first of a thread stays',
      [
        ['a', '1'],
        ['b', '1'],
        ['c', '2'],
      ],
      ['a', 'c'],
    ],
    [
      'what was dropped stands in nobody’s way',
      [
        ['a', '1'],
        ['b', '1'],
        ['b', '2'],
      ],
      ['a', 'b'],
    ],
    ['no thread is no thread in common', [['a'], ['b'], ['c', '1']], ['a', 'b', 'c']],
    ['none', [], []],
  ])('%s', (_, rows, wanted) => {
    expect(keep(rows)).toEqual(wanted);
  });

  it('leaves no two that belong together, and drops none that could stay', () => {
    const row = fc.tuple(
      fc.constantFrom('a', 'A', 'b', 'c', 'd!'),
      fc.constantFrom('1', '2', '3', undefined),
    );
    type Pair = readonly [text: string, thread: string | undefined];
    const together = (a: Pair, b: Pair) =>
      foldText(a[0]) === foldText(b[0]) || (a[1] !== undefined && a[1] === b[1]);
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const all = rows.map(([text, thread]): Pair => [text, thread]);
        const kept = oneOfEach(
          all,
          ([text]) => text,
          ([, thread]) => thread,
        );
        for (const one of all) {
          const others = kept.filter((other) => other !== one && together(one, other));
          expect(others.length > 0).toBe(!kept.includes(one));
        }
      }),
    );
  });
});
