import type { FieldKind } from '@spillway/pack/pack';
import { expect, it } from 'vitest';
import { keywordsOf, nearness } from './keywords.js';

const near = (text: string, kind: FieldKind, name = 'value', description = ''): number => {
  const at = text.indexOf('X');
  return nearness(text, at, at + 1, keywordsOf({ name, kind, description, patterns: [], normalise: 'none' }));
};

it.each<[string, string, FieldKind, boolean]>([
  ['a word of the kind before the value', 'please call X', 'phone', true],
  ['a word of the kind behind the value', 'X is my number', 'phone', true],
  ['a stem inside another word', 'the hotel X', 'phone', false],
  ['a long stem in a compound', 'rechnungsbetrag X', 'money', true],
  ['a word too far away', `call ${'- '.repeat(30)}X`, 'phone', false],
  ['nothing', 'X', 'phone', false],
])('%s: %s', (_name, text, kind, want) => {
  expect(near(text, kind) > 0).toBe(want);
});

it('a word of its own speaks louder than one of its kind, and a close one louder than a far one', () => {
  const own = near('the delivery is long X', 'date', 'delivery_date');
  const ofKind = near('ordered X', 'date', 'delivery_date');
  expect(own).toBeGreaterThan(ofKind);
  expect(near('delivery X', 'date', 'delivery_date')).toBeGreaterThan(own);
});
