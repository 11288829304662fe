import { describe, expect, it } from 'vitest';
import { addsUpPastOne, align, tokensIn } from './aligned-tokens.js';
import { type Piece, spoken, tokensOf } from './testing/spoken.js';

describe('align', () => {
  it.each<[string, string, readonly string[], readonly number[] | undefined]>([
    ['tokens that make up the text', 'abcd', ['ab', 'cd'], [0, 2]],
    ['an end mark after it', 'ab', ['ab', '<end>'], [0, 2]],
    ['a space before it', 'ab', [' ', 'ab'], [-1, 0]],
    ['thoughts before it', 'ab', ['hm ', 'ab'], [-3, 0]],
    ['the later of two', 'ab', ['ab', ' or ', 'ab'], [-6, -4, 0]],
    ['a text that has more', ' ab', ['ab'], [1]],
    ['bytes, not characters', 'äb', ['ä', 'b'], [0, 2]],
    ['tokens of something else', 'ab', ['xy'], undefined],
    ['no tokens', 'ab', [], undefined],
  ])('lays %s', (_, text, pieces, starts) => {
    expect(align(text, tokensOf(...pieces.map((each): Piece => [each, 1])))?.starts).toEqual(starts);
  });

  it('puts a character that is split between tokens back together', () => {
    const bytes = Buffer.from('a€b');
    const split = [bytes.subarray(0, 2), bytes.subarray(2)].map((each) => ({
      bytes: each,
      logprob: 0,
      top: [],
    }));
    expect(align('a€b', split)?.starts).toEqual([0, 2]);
  });
});

describe('tokensIn', () => {
  it.each<[string, ReturnType<typeof spoken>, { start: number; end: number }, readonly string[]]>([
    [
      'the tokens of the value, not the structure around it',
      spoken('{"v":"ab"}', ['{"v":"', 1], ['a', 1], ['b', 1], ['"}', 1]),
      { start: 6, end: 8 },
      ['a', 'b'],
    ],
    [
      'not a token that is mostly structure',
      spoken('{"v":"abc"}', ['{"v":"a', 1], ['bc', 1], ['"}', 1]),
      { start: 6, end: 9 },
      ['bc'],
    ],
    ['a token that is half value', spoken('"ab"', ['"a', 1], ['b"', 1]), { start: 1, end: 3 }, ['"a', 'b"']],
    [
      'key and value in one token, for want of a better',
      spoken('{"v":"a"}', ['{"v', 1], ['":"a', 1], ['"}', 1]),
      { start: 6, end: 7 },
      ['":"a'],
    ],
    [
      'bytes where characters are wider',
      spoken('"€a"', ['"', 1], ['€', 1], ['a', 1], ['"', 1]),
      { start: 1, end: 3 },
      ['€', 'a'],
    ],
  ])('takes %s', (_, aligned, span, want) => {
    expect(tokensIn(aligned, span).map(({ token }) => Buffer.from(token.bytes).toString())).toEqual(want);
  });
});

describe('addsUpPastOne', () => {
  it.each<[string, Piece, boolean]>([
    ['a distribution', ['a', 0.7, { b: 0.3 }], false],
    ['part of one', ['a', 0.2, { b: 0.1 }], false],
    ['rounding', ['a', 0.7, { b: 0.31 }], false],
    ['what is none', ['a', 0.9, { b: 0.9 }], true],
  ])('knows %s', (_, piece, want) => {
    expect(tokensOf(piece).map(addsUpPastOne)).toEqual([want]);
  });

  it('counts a chosen token that its list leaves out', () => {
    expect(addsUpPastOne({ bytes: Buffer.from('a'), logprob: Math.log(0.5), top: [] })).toBe(false);
    const top = [{ text: 'b', logprob: Math.log(0.9) }];
    expect(addsUpPastOne({ bytes: Buffer.from('a'), logprob: Math.log(0.5), top })).toBe(true);
  });
});
