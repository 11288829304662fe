import { describe, expect, it } from 'vitest';
import { lowered } from '../words.js';
import { findMoney } from './money.js';

const found = (text: string, home = 'EUR'): string[] =>
  findMoney(lowered(text), home)
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, value }) => `${text.slice(start, end)} → ${value}`);

describe('money', () => {
  it.each<[string, string[]]>([
    ['it was $12', ['$12 → 12.00 USD']],
    ['€ 12,50 please', ['€ 12,50 → 12.50 EUR']],
    ['12.50€', ['12.50€ → 12.50 EUR']],
    ['12,50 €', ['12,50 € → 12.50 EUR']],
    ['-12,50 €', ['12,50 € → 12.50 EUR']],
    ['12€50', ['12€50 → 12.50 EUR']],
    ['EUR 1.299,00', ['EUR 1.299,00 → 1299.00 EUR']],
    ['1,299.00 EUR', ['1,299.00 EUR → 1299.00 EUR']],
    ['1 299,00 €', ['1 299,00 € → 1299.00 EUR']],
    ["1'299.00 CHF", ["1'299.00 CHF → 1299.00 CHF"]],
    ['1.299 €', ['1.299 € → 1299.00 EUR']],
    ['$5k', ['$5k → 5000.00 USD']],
    ['£1.5k', ['£1.5k → 1500.00 GBP']],
    ['12 euros', ['12 euros → 12.00 EUR']],
    ['20 quid', ['20 quid → 20.00 GBP']],
    ['30 Franken', ['30 Franken → 30.00 CHF']],
    ['¥1,500', ['¥1,500 → 1500 JPY']],
    ['R$ 10,00', ['R$ 10,00 → 10.00 BRL']],
    ['you charged 12.50 twice', ['12.50 → 12.50 EUR']],
    ['paid $5 and 6 EUR', ['$5 → 5.00 USD', '6 EUR → 6.00 EUR']],
  ])('%s', (text, want) => {
    expect(found(text)).toEqual(want);
  });

  it.each([
    'the 5 items',
    '12.50',
    'version 12.50',
    '50%',
    'for 3 min',
    'order 123456',
    'try 3',
    'php 8',
    'FF-500 €x',
    '12.5.2026',
    '2 for you',
  ])('%s is no money', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('reads a shared sign in the currency of the pack where it is one of them', () => {
    expect(found('$12', 'CAD')).toEqual(['$12 → 12.00 CAD']);
    expect(found('12 kr', 'DKK')).toEqual(['12 kr → 12.00 DKK']);
    expect(found('12 kr', 'EUR')).toEqual(['12 kr → 12.00 SEK']);
  });

  it('keeps a bounded number of amounts', () => {
    expect(found('$1 '.repeat(10_000)).length).toBe(64);
  });
});
