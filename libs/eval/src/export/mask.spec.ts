import { personalDataFinder } from '@spillway/models/personal-data';
import { smallPack } from '@spillway/models/testing/small-pack';
import type { FieldDefinition } from '@spillway/pack/pack';
import { describe, expect, it } from 'vitest';
import { masking } from './mask.js';
import { senderNames } from './sender-names.js';

const field = (name: string, kind: FieldDefinition['kind'], patterns: readonly string[] = []) =>
  ({ name, kind, description: '', patterns, normalise: 'upper' }) as const;

const pack = smallPack({
  fields: [
    field('order_number', 'pattern', ['\\b(ff-?[0-9]{6})\\b', '\\border ([0-9]{6})\\b']),
    field('phone', 'phone'),
    field('email', 'email'),
    field('due_date', 'date'),
    field('customer_name', 'pattern', ['I am (\\w+)']),
  ],
  macros: [
    {
      id: 'm',
      intent: 'cancel',
      locale: 'en',
      title: '',
      text: 'Write to help@acme.test or ring +353 1 677 3456.',
    },
  ],
});
const mask = masking(pack, personalDataFinder(pack));

/** All texts of a row, masked. */
function masked(
  texts: readonly string[],
  customer = '',
  fields: readonly (readonly [string, string])[] = [],
) {
  const read = fields.map(([name, value]) => ({ name, value }));
  const row = mask({ texts, fields: read, names: senderNames(customer) });
  return [...texts.map(row.text), ...read.map(({ name, value }) => row.field(name, value))];
}

describe('a row that is masked', () => {
  it.each<[string, readonly string[], string, readonly string[]]>([
    [
      'the same value has the same placeholder in all texts, another one the next number',
      ['Mail Jo@shop.test or al@shop.test', 'We wrote to jo@shop.test.'],
      '',
      ['Mail [EMAIL_1] or [EMAIL_2]', 'We wrote to [EMAIL_1].'],
    ],
    [
      'however it is written',
      ['order 204518, ring 01 679 3456', 'Order FF-204518: we ring +353 1 679 3456'],
      '',
      ['order [ORDER_NUMBER_1], ring [PHONE_1]', 'Order [ORDER_NUMBER_1]: we ring [PHONE_1]'],
    ],
    [
      'also where no rule would see it',
      ['my order is ff204518', 'Your number (FF204518) is with us'],
      '',
      ['my order is [ORDER_NUMBER_1]', 'Your number ([ORDER_NUMBER_1]) is with us'],
    ],
    [
      'a name that the channel gave, as a whole and in parts',
      ['This is ada byron. Ada, that is.', 'Hi Ada,\nit left.'],
      'Ada Byron <ada@shop.test>',
      ['This is [NAME_1]. [NAME_1], that is.', 'Hi [NAME_1],\nit left.'],
    ],
    [
      'a word that is a name only in capitals stays where it is a word',
      ['I will send it. Will Page'],
      'Will Page',
      ['I will send it. [NAME_1]'],
    ],
    ['a name in an address', ['Yours, Grace Hopper'], 'grace.hopper@shop.test', ['Yours, [NAME_1]']],
    ['an address that is no name', ['your Orders team'], 'orders@shop.test', ['your Orders team']],
    [
      'the name under a closing is the sender’s, and another is another',
      ['It broke.\nKind regards,\nAda Byron', 'It left.\nKind regards,\nGrace'],
      'Ada Byron',
      ['It broke.\nKind regards,\n[NAME_1]', 'It left.\nKind regards,\n[NAME_2]'],
    ],
    [
      'the company’s own address and number stay',
      ['Write to help@acme.test or ring 01 677 3456, I am jo@shop.test'],
      '',
      ['Write to help@acme.test or ring 01 677 3456, I am [EMAIL_1]'],
    ],
    [
      'days, sums and sizes stay',
      ['bought 2026-11-24, paid 1,200.50, size 120x200'],
      '',
      ['bought 2026-11-24, paid 1,200.50, size 120x200'],
    ],
  ])('%s', (_, texts, customer, want) => {
    expect(masked(texts, customer)).toEqual(want);
  });

  it('has the values of fields as the texts have them', () => {
    const fields = [
      ['order_number', 'FF-204518'],
      ['phone', '+35316793456'],
      ['due_date', '2026-11-24'],
      ['customer_name', 'Ada'],
    ] as const;
    expect(masked(['Order 204518: ring 01 679 3456 on 24.11.', 'Hi Ada'], '', fields)).toEqual([
      'Order [ORDER_NUMBER_1]: ring [PHONE_1] on 24.11.',
      'Hi [NAME_1]',
      '[ORDER_NUMBER_1]',
      '[PHONE_1]',
      '2026-11-24',
      '[NAME_1]',
    ]);
  });

  it('tells thousands of values apart in a time that grows with the text', () => {
    const text = Array.from({ length: 20_000 }, (_, at) => `a${at}@shop.test`).join(' ');
    const [first, last] = [masked([text])[0]?.slice(0, 9), masked([text])[0]?.slice(-13)];
    expect([first, last]).toEqual(['[EMAIL_1]', '[EMAIL_20000]']);
  });

  it('counts its placeholders by kind', () => {
    const row = mask({ texts: [], fields: [], names: senderNames('') });
    row.text('a@shop.test, b@shop.test, ff-204518');
    expect(Object.fromEntries(row.counts)).toEqual({ EMAIL: 2, ORDER_NUMBER: 1 });
  });
});

describe('the names in what a channel knows a sender by', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['Ada Byron', ['Ada Byron'], ['Ada', 'Byron']],
    ['"Byron, Ada" <a@b.test>', ['Byron Ada'], ['Byron', 'Ada']],
    ['ada.byron@b.test', ['ada byron'], ['Ada', 'Byron']],
    ['info@b.test', [], []],
    ['customer 4711', [], []],
    ['+353871234567', [], []],
    ['', [], []],
  ])('%s', (customer, whole, words) => expect(senderNames(customer)).toEqual({ whole, words }));
});
