import { create } from '@bufbuild/protobuf';
import { ExtractionSchema } from '@spillway/contracts/model';
import { describe, expect, it } from 'vitest';
import { inWords, repeatable, replyValues } from './draft-values.js';

describe('words of a customer that a reply may repeat', () => {
  it.each<[string, string | undefined]>([
    ['FF-204518', 'FF-204518'],
    ['  a \n b  ', 'a b'],
    ['{{order_number}}', 'order_number'],
    ['a\u202eb\u200bc\u0000d', 'abcd'],
    ['x'.repeat(200), 'x'.repeat(80)],
    ['😀'.repeat(100), '😀'.repeat(80)],
    ['https://evil.test', undefined],
    ['www.evil.test', undefined],
    ['evil.test/pay', undefined],
    ['<b>', undefined],
    ['{}', undefined],
    ['', undefined],
  ])('%j', (value, want) => {
    expect(repeatable(value)).toBe(want);
  });
});

describe('dates in words', () => {
  it.each<[string, string, string]>([
    ['2026-03-04', 'en-IE', '4 March 2026'],
    ['2026-03-04', 'fr', '4 mars 2026'],
    ['2026-03-04', 'de', '4. März 2026'],
    ['soon', 'en', 'soon'],
  ])('%s in %s', (value, locale, want) => {
    expect(inWords(value, 'date', locale)).toBe(want);
  });

  it('are for dates only', () => {
    expect(inWords('2026-03-04', 'pattern', 'en')).toBe('2026-03-04');
  });
});

it('only fields of the pack have a value', () => {
  const extraction = create(ExtractionSchema, { fields: [{ name: 'other', value: 'x', confidence: 1 }] });
  expect(replyValues(extraction, [], 'en').size).toBe(0);
  expect(replyValues(undefined, [], 'en').size).toBe(0);
});
