import { describe, expect, it } from 'vitest';
import { labelCodes } from './label-codes.js';

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `card_${index}`);

describe('labelCodes', () => {
  it.each<[string, readonly string[], readonly (readonly [string, string])[] | undefined]>([
    ['none where the first letters decide', ['order_status', 'refund', 'return', 'other'], undefined],
    [
      'letters where labels begin alike',
      ['refund_request', 'refund_status', 'cancel'],
      [
        ['A', 'refund_request'],
        ['B', 'refund_status'],
        ['C', 'cancel'],
      ],
    ],
    ['none for more than there are codes', many(26 ** 2 + 1), undefined],
  ])('gives %s', (_, labels, want) => {
    const codes = labelCodes(labels);
    expect(codes && [...codes]).toEqual(want);
  });

  it('gives two letters beyond 26, of which the first differ as long as they can', () => {
    const codes = [...(labelCodes(many(77))?.keys() ?? [])];
    expect(new Set(codes).size).toBe(77);
    expect(new Set(codes.slice(0, 26).map((code) => code[0])).size).toBe(26);
    expect([codes[0], codes[25], codes[26], codes[76]]).toEqual(['AA', 'ZA', 'AB', 'YC']);
  });
});
