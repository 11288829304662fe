import type { FieldDefinition, FieldKind } from '@spillway/pack/pack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from './candidate.js';
import { compileExtractor, EXAMINED_CHARACTERS, type ExtractorInput, withoutOverlaps } from './extractor.js';

const field = (
  name: string,
  kind: FieldKind,
  description = '',
  patterns: string[] = [],
): FieldDefinition => ({
  name,
  kind,
  description,
  patterns,
  normalise: 'upper',
});

const brand = {
  company: 'Shop',
  voice: '',
  salutations: {},
  wordings: [],
  currency: 'EUR',
  country: 'IE',
  timeZone: 'Europe/Dublin',
};

const pack = {
  brand,
  fields: [
    field('order_number', 'pattern', 'Number of an order.', ['\\b(FF-?\\d{6})\\b', 'order (\\d{6})\\b']),
    field('order_date', 'date', 'Day on which the customer ordered.'),
    field('delivery_date', 'date', 'Day of the promised delivery.'),
    field('amount', 'money', 'A sum of money.'),
    field('email', 'email', 'An e-mail address.'),
    field('phone', 'phone', 'A telephone number.'),
  ],
};

const extract = compileExtractor(pack);

const input = (text: string, changes: Partial<ExtractorInput> = {}): ExtractorInput => ({
  text,
  subject: '',
  locale: 'en',
  receivedAtMs: Date.UTC(2026, 10, 25, 10),
  ...changes,
});

const found = (text: string, changes?: Partial<ExtractorInput>): string[] =>
  extract(input(text, changes)).fields.map(({ name, value }) => `${name}=${value}`);

describe('extraction', () => {
  it.each<[string, string[]]>([
    [
      'FF-204518 for 12,50 €, call 087 123 4567 or jo@shop.test',
      ['order_number=FF-204518', 'amount=12.50 EUR', 'phone=+353871234567', 'email=jo@shop.test'],
    ],
    [
      'ordered on 3 November, delivery was promised for 20 November',
      ['order_date=2026-11-03', 'delivery_date=2026-11-20'],
    ],
    ['FF-204518 and again FF-204518', ['order_number=FF-204518']],
    ['FF-204518 and FF-204519', ['order_number=FF-204518', 'order_number=FF-204519']],
    [
      'meine Bestellung ff-204518 vom 3. November ist nicht da',
      ['order_number=FF-204518', 'order_date=2026-11-03'],
    ],
    ['ma commande FF-204518 du 3 novembre', ['order_number=FF-204518', 'order_date=2026-11-03']],
    ['hello', []],
    ['', []],
  ])('%s', (text, want) => {
    expect(found(text)).toEqual(want);
  });

  it('looks into the subject for fields that the text lacks', () => {
    const { fields } = extract(input('where is it? FF-204518', { subject: 'order 999999, 12.50 EUR' }));
    expect(fields.map(({ name, value, start }) => [name, value, start])).toEqual([
      ['order_number', 'FF-204518', 13],
      ['amount', '12.50 EUR', 0],
    ]);
    expect(fields[1]?.evidence).toBe('12.50 EUR');
  });

  it('is less sure of a value that has a rival, and of the whole as of its least sure value', () => {
    const one = extract(input('I ordered on Monday'));
    const two = extract(input('I ordered on Monday or on Tuesday for $5'));
    expect(two.fields[0]?.confidence).toBeLessThan(one.fields[0]?.confidence ?? 0);
    expect(two.confidence).toBe(Math.min(...two.fields.map(({ confidence }) => confidence)));
  });

  it('is surer of nothing where there are no digits', () => {
    expect(extract(input('where is my parcel')).confidence).toBeGreaterThan(
      extract(input('where is my 7 parcel')).confidence,
    );
  });

  it('keeps eight values of a field', () => {
    const text = Array.from({ length: 20 }, (_, index) => `FF-2045${10 + index}`).join(' ');
    expect(found(text)).toHaveLength(8);
  });

  it('refuses a pack with a pattern that does not compile', () => {
    const fields = [field('x', 'pattern', '', ['('])];
    expect(() => compileExtractor({ brand, fields })).toThrow(
      expect.objectContaining({ code: 'misconfigured' }),
    );
  });
});

describe('hostile texts', () => {
  it.each<[string, string]>([
    ['a megabyte of digits', '1'.repeat(1 << 20)],
    ['a megabyte of spaced digits', '1 '.repeat(1 << 19)],
    ['a megabyte of @', '@'.repeat(1 << 20)],
    ['a megabyte of a@', 'a@'.repeat(1 << 19)],
    ['a megabyte of brackets', '('.repeat(1 << 20)],
    ['a megabyte of dates', '1/2/'.repeat(1 << 18)],
    ['a megabyte of euro signs', '€'.repeat(1 << 20)],
    ['a megabyte of emoji', '😀'.repeat(1 << 19)],
    ['half a character', '\ud83d'.repeat(1_000)],
    ['right-to-left marks', '\u202e\u2067'.repeat(10_000)],
    ['template signs', '{{order_number}}'.repeat(1_000)],
    ['capital dotted I', 'İ'.repeat(10_000)],
  ])('%s: bounded answers', (_name, text) => {
    const { fields, confidence } = extract(input(text, { subject: text }));
    expect(fields.length).toBeLessThanOrEqual(8 * pack.fields.length);
    expect(confidence).toBeGreaterThan(0);
    expect(confidence).toBeLessThanOrEqual(1);
  });

  it('looks no further than the bound', () => {
    const head = 'x '.repeat(EXAMINED_CHARACTERS / 2);
    expect(found(`${head}FF-204518`)).toEqual([]);
    expect(found(`FF-204518 ${head}`)).toEqual(['order_number=FF-204518']);
  });

  it('finds values between signs of other scripts and directions', () => {
    expect(found('😀😀 FF-204518 😀 \u202e 12,50 €')).toEqual(['order_number=FF-204518', 'amount=12.50 EUR']);
    expect(found('رقم الطلب FF-204518 من فضلك')).toEqual(['order_number=FF-204518']);
    expect(found('注文番号 FF-204518')).toEqual(['order_number=FF-204518']);
  });
});

const fragment = fc.oneof(
  fc.constantFrom(
    'FF-204518',
    'order 204518',
    '12,50 €',
    '$5',
    '3 November',
    '2026-11-03',
    'yesterday',
    'by Friday',
    'the 21st of May',
    'jo@shop.test',
    '+353 87 123 4567',
    '087 123 4567',
    'İ',
    '😀',
    '\u202e',
    '\n',
    'ordered',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ maxLength: 12 }),
);
const text = fc.array(fragment, { maxLength: 14 }).map((parts) => parts.join(' '));

describe('for every text', () => {
  it('evidence is what stands at its place, inside the text, in order and without overlap', () => {
    fc.assert(
      fc.property(text, (words) => {
        let end = 0;
        for (const each of extract(input(words)).fields) {
          expect(each.start).toBeGreaterThanOrEqual(end);
          expect(each.end).toBeGreaterThan(each.start);
          expect(words.slice(each.start, each.end)).toBe(each.evidence);
          end = each.end;
        }
        expect(end).toBeLessThanOrEqual(words.length);
      }),
      { numRuns: 300 },
    );
  });

  it('the answer is the same again', () => {
    fc.assert(
      fc.property(text, (words) => {
        expect(extract(input(words))).toEqual(extract(input(words)));
      }),
    );
  });

  it('confidences are probabilities', () => {
    fc.assert(
      fc.property(text, (words) => {
        const { fields, confidence, raw } = extract(input(words));
        for (const p of [confidence, raw, ...fields.map((each) => each.confidence)]) {
          expect(p).toBeGreaterThanOrEqual(0);
          expect(p).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe('overlapping candidates', () => {
  const candidate = (kind: FieldKind, start: number, end: number): Candidate => ({
    kind,
    value: '',
    start,
    end,
    situation: '',
  });

  it.each<[string, Candidate[], Candidate[]]>([
    [
      'the longer one stays',
      [candidate('phone', 0, 4), candidate('date', 0, 10)],
      [candidate('date', 0, 10)],
    ],
    [
      'of two equal ones the more specific',
      [candidate('phone', 0, 9), candidate('pattern', 0, 9)],
      [candidate('pattern', 0, 9)],
    ],
    [
      'neighbours both stay, in order',
      [candidate('date', 5, 9), candidate('money', 0, 5)],
      [candidate('money', 0, 5), candidate('date', 5, 9)],
    ],
  ])('%s', (_name, candidates, want) => {
    expect(withoutOverlaps(candidates)).toEqual(want);
  });
});
