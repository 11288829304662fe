import { expect, it } from 'vitest';
import { counted } from './counted.js';

it.each([
  [0, 'row', '0 rows'],
  [1, 'row', '1 row'],
  [2_000, 'row', '2,000 rows'],
  [1n, 'call', '1 call'],
])('%s of a %s is %s', (number, noun, text) => {
  expect(counted(number, noun)).toBe(text);
});
