import fc from 'fast-check';
import { expect, it } from 'vitest';
import { headerName } from './headers.js';

it('the name of a header is not that of a longer one in its slot', () => {
  expect(['xaB', 'xa'].map((name) => headerName(Buffer.from(name), 0, name.length))).toEqual(['xaB', 'xa']);
});

it('the name of a header is its own, whatever names came before', () => {
  // Of few letters, so that many share a slot.
  const names = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'ż'), maxLength: 40 }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(names, (list) => {
      const read = list.map((name) => {
        const bytes = Buffer.from(`<${name}>`);
        return headerName(bytes, 1, bytes.length - 1);
      });
      expect(read).toEqual(list);
    }),
  );
});
