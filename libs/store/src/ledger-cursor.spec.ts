import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CursorKind, decodeCursor, encodeCursor } from './ledger-cursor.js';

const kinds = fc.constantFrom<CursorKind>('messages', 'reviews');
const malformed = expect.objectContaining({ name: 'Fault', code: 'malformed' });

it('reads back every place that it wrote, for its own list only', () => {
  fc.assert(
    fc.property(kinds, fc.maxSafeInteger(), fc.maxSafeNat(), (kind, atMs, number) => {
      const cursor = encodeCursor(kind, { atMs, number });
      expect(decodeCursor(kind, cursor)).toEqual({ atMs, number });
      expect(() => decodeCursor(kind === 'messages' ? 'reviews' : 'messages', cursor)).toThrow(malformed);
    }),
  );
});

it('turns anything else into a fault, never another error', () => {
  fc.assert(
    fc.property(kinds, fc.string({ unit: 'binary' }), (kind, text) => {
      expect(() => decodeCursor(kind, text)).toThrow(malformed);
    }),
  );
});

it('refuses a cursor with anything added, taken away or made up', () => {
  const cursor = encodeCursor('messages', { atMs: 1, number: 2 });
  const unnumbered = encodeCursor('messages', { atMs: Number.NaN, number: Number.NaN });
  for (const changed of [unnumbered, `${cursor}=`, `${cursor}AA`, ` ${cursor}`, cursor.slice(1)]) {
    expect(() => decodeCursor('messages', changed)).toThrow(malformed);
  }
});

it('says that the parameter is at fault, as every list takes it', () => {
  const fault = expect.objectContaining({ problems: [expect.objectContaining({ where: '?cursor' })] });
  expect(() => decodeCursor('messages', 'zz')).toThrow(fault);
});
