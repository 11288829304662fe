import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { originalRow, originalText, storedText } from './stored-text.js';

describe('stored text', () => {
  it.each([
    ['stays as it is', 'Où est 我的订单? 📦\n', 'Où est 我的订单? 📦\n'],
    ['has no U+0000', 'a\0b', 'a\uffff0000b'],
    ['has no lone high surrogate', 'a\ud83d', 'a\uffffd83d'],
    ['has no lone low surrogate', '\udce6a', '\uffffdce6a'],
    ['escapes what looks like an escape', '\uffff0000', '\uffffffff0000'],
  ])('%s', (_, text, stored) => {
    expect(storedText(text)).toBe(stored);
    expect(originalText(stored)).toBe(text);
  });

  it('gives back every text there can be, and holds nothing that PostgreSQL refuses', () => {
    const unit = fc.oneof(
      fc.constantFrom('\0', '\uffff', '0', 'd', '8', '\ud83d', '\udce6'),
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(
        fc.array(unit).map((units) => units.join('')),
        (text) => {
          const stored = storedText(text);
          expect(stored.isWellFormed() && !stored.includes('\0')).toBe(true);
          expect(originalText(stored)).toBe(text);
          expect(originalRow({ text: stored, count: 1, none: null })).toEqual({ text, count: 1, none: null });
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
