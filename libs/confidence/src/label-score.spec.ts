import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlignedTokens } from './aligned-tokens.js';
import { labelScore, outsideLabels } from './label-score.js';
import { type Piece, spoken } from './testing/spoken.js';

const labels = ['refund_request', 'refund_status', 'cancel'];
const named = new Map(labels.map((label) => [label, label]));
const coded = new Map([
  ['A', 'refund_request'],
  ['B', 'refund_status'],
  ['C', 'cancel'],
]);
const cancel = { start: 1, end: 7 };
const code = { start: 1, end: 2 };

describe('labelScore', () => {
  const rounded = (aligned: AlignedTokens, span: { start: number; end: number }): Record<string, number> =>
    Object.fromEntries(
      labelScore(aligned, span, named).probabilities.map(({ label, probability }) => [
        label,
        Number(probability.toFixed(3)),
      ]),
    );

  it.each<[string, AlignedTokens, { start: number; end: number }, Record<string, number>]>([
    [
      'normalises over what the siblings could have become',
      spoken('"cancel"', ['"', 1], ['cancel', 0.6, { refund_status: 0.2, Cancel: 0.2 }], ['"', 1]),
      cancel,
      { cancel: 0.75, refund_status: 0.25 },
    ],
    [
      'multiplies along the path',
      spoken(
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
      spoken('"cancel"', ['"', 1], ['cancel', 0.5, { ref: 0.5 }], ['"', 1]),
      cancel,
      { cancel: 0.5, refund_request: 0.25, refund_status: 0.25 },
    ],
    [
      'counts another way of writing the same label for it',
      spoken('"cancel"', ['"', 1], ['cancel', 0.5, { can: 0.5 }], ['"', 1]),
      cancel,
      { cancel: 1 },
    ],
    [
      'sees through a quote that is part of the token',
      spoken('"cancel"', ['"cancel', 0.9, { '"refund_status': 0.1 }], ['"', 1]),
      cancel,
      { cancel: 0.9, refund_status: 0.1 },
    ],
    [
      'takes a closed sibling for a whole label only',
      spoken('"cancel"', ['"', 1], ['cancel', 0.4, { 'refund"': 0.2, 'refund_status"': 0.4 }], ['"', 1]),
      cancel,
      { cancel: 0.5, refund_status: 0.5 },
    ],
  ])('%s', (_, aligned, span, want) => {
    expect(rounded(aligned, span)).toEqual(want);
  });

  it.each<[string, AlignedTokens, number]>([
    ['one token that decides', spoken('"B"', ['"', 1], ['B', 0.8, { A: 0.15, C: 0.05 }], ['"', 1]), 0.8],
    ['mass on what is no label', spoken('"B"', ['"', 1], ['B', 0.6, { A: 0.2, Z: 0.2 }], ['"', 1]), 0.75],
    [
      'a label outside the list, at the most it can have',
      spoken('"B"', ['"', 1], ['B', 0.8, { A: 0.1 }], ['"', 1]),
      0.8,
    ],
    ['a list of the chosen token alone', spoken('"B"', ['"', 1], ['B', 0.9], ['"', 1]), 0.9],
    [
      'a name and the code for it, as one',
      spoken('"B"', ['"', 1], ['B', 0.5, { refund_status: 0.3, C: 0.2 }], ['"', 1]),
      0.8,
    ],
  ])('raw counts %s', (_, aligned, want) => {
    const both = new Map([...coded, ...named]);
    expect(labelScore(aligned, code, both).raw).toBeCloseTo(want, 9);
  });

  it('says how the labels stand to each other', () => {
    const aligned = spoken('"B"', ['"', 1], ['B', 0.6, { A: 0.2, Z: 0.19 }], ['"', 1]);
    expect(labelScore(aligned, code, coded).features).toEqual({
      label_mass: expect.closeTo(0.8),
      margin: expect.closeTo(0.5),
      runner_up: expect.closeTo(0.25),
      entropy: expect.closeTo(0.5623, 3),
      unlisted: expect.closeTo(1 / 3),
      unlisted_bound: expect.closeTo(0.01),
    });
  });

  it.each<[string, AlignedTokens, string]>([
    [
      'the model wanted to say something else',
      spoken('"B"', ['"', 1], ['B', 0.2, { Refund: 0.6, Sure: 0.2 }], ['"', 1]),
      'low_mass',
    ],
    [
      'another label was likelier than the one written',
      spoken('"B"', ['"', 1], ['B', 0.3, { A: 0.7 }], ['"', 1]),
      'not_likeliest',
    ],
    ['the probabilities are none', spoken('"B"', ['"', 1], ['B', 0.9, { A: 0.6 }], ['"', 1]), 'past_one'],
  ])('gives no confidence where %s', (_, aligned, reason) => {
    const { raw, features } = labelScore(aligned, code, coded);
    expect([raw, features[reason]]).toEqual([undefined, 1]);
  });

  it('knows nothing of a value without a token', () => {
    expect(labelScore(spoken('"B"', ['"B"', 0.9]), { start: 9, end: 9 }, coded)).toEqual({
      probabilities: [],
      features: {},
    });
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
          const span = { start: 1, end: text.length };
          const { probabilities, raw = 0 } = labelScore(spoken(text, ...pieces), span, named);
          expect(probabilities.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
          expect(labels).toEqual(expect.arrayContaining(probabilities.map((score) => score.label)));
          expect(raw).toBeLessThanOrEqual((probabilities[0]?.probability ?? 0) + 1e-9);
        },
      ),
    );
  });
});

it.each<[string, Readonly<Record<string, number>>, boolean | undefined]>([
  ['all on labels', { label_mass: 1, unlisted_bound: 0 }, false],
  ['a tenth elsewhere', { label_mass: 0.9 }, false],
  ['more than that', { label_mass: 0.89 }, true],
  ['more than that, which unlisted labels may have', { label_mass: 0.8, unlisted_bound: 0.15 }, false],
  ['an answer that does not tell', { vote_share: 1 }, undefined],
])('tells whether the model was tempted to say something else: %s', (_, features, want) =>
  expect(outsideLabels(features)).toBe(want),
);
