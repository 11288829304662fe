import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, copyOf } from './copy.js';

const ANSWER = Buffer.alloc(1_000_000, 'abcdefghijklmnopqrstuvwxyz');

describe('copies out of an answer', () => {
  it.each([
    ['a small one', 600, true, BLOCK_BYTES],
    ['a large one', 60_000, true, 60_000],
    ['one that is to wait', 600, false, 600],
    ['an empty one', 0, false, 0],
  ])('keep alive no more than: %s', (_, length, mayShare, bytes) => {
    const copy = copyOf(ANSWER, 10, 10 + length, mayShare);
    expect(copy.buffer.byteLength).toBe(bytes);
    expect(Buffer.compare(copy, ANSWER.subarray(10, 10 + length))).toBe(0);
  });

  it('do not touch each other', () => {
    const ranges = fc.array(fc.tuple(fc.nat(5_000), fc.nat(3_000)), { maxLength: 40 });
    fc.assert(
      fc.property(ranges, (parts) => {
        const copies = parts.map(([from, length]) => copyOf(ANSWER, from, from + length, true));
        const expected = parts.map(([from, length]) => ANSWER.toString('latin1', from, from + length));
        expect(copies.map((copy) => Buffer.from(copy).toString('latin1'))).toEqual(expected);
      }),
    );
  });
});
