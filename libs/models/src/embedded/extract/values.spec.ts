import type { FieldKind } from '@spillway/pack/pack';
import { describe, expect, it } from 'vitest';
import { normalForm, valueFinder } from './values.js';

const find = valueFinder({
  company: 'Fjord & Fern',
  voice: '',
  salutations: {},
  wordings: [],
  currency: 'EUR',
  country: 'IE',
  timeZone: 'Europe/Dublin',
});
const context = { text: 'Hello', locale: 'en', receivedAtMs: Date.parse('2026-11-23T10:00:00Z') };

describe('normalForm', () => {
  it.each<[string, FieldKind, string, string]>([
    ['a day in words', 'date', '12 November', '2026-11-12'],
    ['a day in digits', 'date', '2026-11-12', '2026-11-12'],
    ['words around it', 'date', 'on the 12th of November', '2026-11-12'],
    ['two days are no one day', 'date', '12 November to 14 November', '12 november to 14 november'],
    ['a time of day is kept apart', 'date', '2026-11-12T10:30', '2026-11-12t10:30'],
    ['an amount', 'money', '€58,90', '58.90 eur'],
    ['an amount as the extractor writes it', 'money', '58.90 EUR', '58.90 eur'],
    ['a telephone number', 'phone', '01 092 3456', '+35310923456'],
    ['an address', 'email', 'Jo@Shop.Example', 'jo@shop.example'],
    ['what is of no kind', 'money', ' A  lot ', 'a lot'],
    ['a pattern', 'pattern', 'ff-245310', 'ff-245310'],
  ])('%s', (_, kind, value, wanted) =>
    expect(normalForm({ kind, normalise: 'none' }, value, context, find)).toBe(wanted),
  );

  it('a pattern of digits has only these', () =>
    expect(normalForm({ kind: 'pattern', normalise: 'digits' }, 'No. 24-53', context, find)).toBe('2453'));
});

describe('valueFinder', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'finds each kind once',
      'It costs €20. It comes on 3 December, call 01 092 3456 or write to a@b.example',
      ['20.00 EUR', '2026-12-03', '+35310923456', 'a@b.example'],
    ],
    ['leaves days out that are not written in digits', 'We will ring you tomorrow', []],
  ])('%s', (_, text, values) => expect(find(text, context).map(({ value }) => value)).toEqual(values));
});
