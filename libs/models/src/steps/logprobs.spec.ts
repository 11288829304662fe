import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Token } from '../language-model.js';
import {
  type AlignedTokens,
  align,
  labelProbabilities,
  leastProbability,
  lowTenthProbability,
} from './logprobs.js';

type Piece = readonly [text: string, probability: number, siblings?: Readonly<Record<string, number>>];

const tokens = (...pieces: readonly Piece[]): Token[] =>
  pieces.map(([text, probability, siblings = {}]) => ({
    bytes: Buffer.from(text),
    logprob: Math.log(probability),
    top: Object.entries({ [text]: probability, ...siblings }).map(([each, of]) => ({
      text: each,
      logprob: Math.log(of),
    })),
  }));

const aligned = (text: string, ...pieces: readonly Piece[]): AlignedTokens => {
  const found = align(text, tokens(...pieces));
  if (found === undefined) throw new Error('the pieces do not make up the text');
  return found;
};

describe('align', () => {
  it.each<[string, string, readonly string[], readonly number[] | undefined]>([
    ['tokens that make up the text', 'abcd', ['ab', 'cd'], [0, 2]],
    ['an end mark after it', 'ab', ['ab', '<end>'], [0, 2]],
    ['a space before it', 'ab', [' ', 'ab'], [-1, 0]],
    ['thoughts before it', 'ab', ['hm ', 'ab'], [-3, 0]],
    ['a text that has more', ' ab', ['ab'], [1]],
    ['bytes, not characters', 'äb', ['ä', 'b'], [0, 2]],
    ['tokens of something else', 'ab', ['xy'], undefined],
    ['no tokens', 'ab', [], undefined],
  ])('lays %s', (_, text, pieces, starts) => {
    expect(align(text, tokens(...pieces.map((each): Piece => [each, 1])))?.starts).toEqual(starts);
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

describe('leastProbability', () => {
  it.each<[string, AlignedTokens, { start: number; end: number }, number]>([
    [
      'the least sure token',
      aligned('{"v":"ab"}', ['{"v":"', 1], ['a', 0.5], ['b', 0.9], ['"}', 1]),
      { start: 6, end: 8 },
      0.5,
    ],
    [
      'not the structure around it',
      aligned('{"v":"ab"}', ['{"v":"', 0.1], ['ab', 0.8], ['"}', 0.1]),
      { start: 6, end: 8 },
      0.8,
    ],
    [
      'not a token that is mostly structure',
      aligned('{"v":"abc"}', ['{"v":"a', 0.1], ['bc', 0.8], ['"}', 1]),
      { start: 6, end: 9 },
      0.8,
    ],
    ['a token that is half value', aligned('"ab"', ['"a', 0.3], ['b"', 0.9]), { start: 1, end: 3 }, 0.3],
    [
      'the token that holds most of it, for want of a better',
      aligned('{"v":"a"}', ['{"v":"a"', 0.4], ['}', 1]),
      { start: 6, end: 7 },
      0.4,
    ],
    [
      'bytes where characters are wider',
      aligned('"€a"', ['"', 0.1], ['€', 0.7], ['a', 0.9], ['"', 0.1]),
      { start: 1, end: 3 },
      0.7,
    ],
  ])('takes %s', (_, text, span, want) => {
    expect(leastProbability(text, span)).toBeCloseTo(want, 9);
  });
});

describe('lowTenthProbability', () => {
  it('is the value that a tenth of the tokens stay under', () => {
    const pieces = Array.from({ length: 21 }, (_, index): Piece => ['x', (index + 1) / 21]);
    const text = 'x'.repeat(21);
    expect(lowTenthProbability(aligned(text, ...pieces), { start: 0, end: 21 })).toBeCloseTo(3 / 21, 9);
  });
});

describe('labelProbabilities', () => {
  const labels = ['refund_request', 'refund_status', 'cancel'];
  const rounded = (text: AlignedTokens, span: { start: number; end: number }): Record<string, number> =>
    Object.fromEntries(
      labelProbabilities(text, span, labels).map(({ label, probability }) => [
        label,
        Number(probability.toFixed(3)),
      ]),
    );

  it.each<[string, AlignedTokens, { start: number; end: number }, Record<string, number>]>([
    [
      'normalises over what the siblings could have become',
      aligned('"cancel"', ['"', 1], ['cancel', 0.6, { refund_status: 0.2, Cancel: 0.2 }], ['"', 1]),
      { start: 1, end: 7 },
      { cancel: 0.75, refund_status: 0.25 },
    ],
    [
      'multiplies along the path',
      aligned(
        '"refund_status"',
        ['"', 1],
        ['refund_', 0.8, { cancel: 0.2 }],
        ['status', 0.5, { request: 0.5 }],
        ['"', 1],
      ),
      { start: 1, end: 14 },
      { refund_status: 0.4, refund_request: 0.4, cancel: 0.2 },
    ],
    [
      'shares a beginning among the labels that have it',
      aligned('"cancel"', ['"', 1], ['cancel', 0.5, { ref: 0.5 }], ['"', 1]),
      { start: 1, end: 7 },
      { cancel: 0.5, refund_request: 0.25, refund_status: 0.25 },
    ],
    [
      'counts another way of writing the same label for it',
      aligned('"cancel"', ['"', 1], ['cancel', 0.5, { can: 0.5 }], ['"', 1]),
      { start: 1, end: 7 },
      { cancel: 1 },
    ],
    [
      'sees through a quote that is part of the token',
      aligned('"cancel"', ['"cancel', 0.9, { '"refund_status': 0.1, cancel: 0.5 }], ['"', 1]),
      { start: 1, end: 7 },
      { cancel: 0.9, refund_status: 0.1 },
    ],
    [
      'takes a closed sibling for a whole label only',
      aligned('"cancel"', ['"', 1], ['cancel', 0.5, { 'refund"': 0.3, 'refund_status"': 0.5 }], ['"', 1]),
      { start: 1, end: 7 },
      { cancel: 0.5, refund_status: 0.5 },
    ],
  ])('%s', (_, text, span, want) => {
    expect(rounded(text, span)).toEqual(want);
  });

  it('adds up to one and holds only labels, whatever the tokens', () => {
    const sibling = fc.constantFrom('ref', 'refund_', 'cancel', 'c', '"', 'x', '');
    const chance = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.constantFrom(...labels),
        fc.nat(6),
        fc.dictionary(sibling, chance),
        chance,
        (label, cut, siblings, own) => {
          const pieces: Piece[] = [
            ['"', 1],
            [label.slice(0, cut + 1), own, siblings],
          ];
          if (cut + 1 < label.length) pieces.push([label.slice(cut + 1), own, siblings]);
          const text = `"${label}`;
          const scores = labelProbabilities(aligned(text, ...pieces), { start: 1, end: text.length }, labels);
          expect(scores.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
          expect(labels).toEqual(expect.arrayContaining(scores.map((score) => score.label)));
        },
      ),
    );
  });
});
