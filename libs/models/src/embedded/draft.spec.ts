import { create } from '@bufbuild/protobuf';
import { ClassificationSchema, ExtractionSchema } from '@spillway/contracts/model';
import type { FieldDefinition, Macro } from '@spillway/pack/pack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StepInput } from '../language-model.js';
import { choiceShare, compileDrafter, confidenceOf, type Fit, primaryOf, questionsIn } from './draft.js';

const macro = (id: string, intent: string, locale: string, title: string, text: string): Macro => ({
  id,
  intent,
  locale,
  title,
  text,
});

const field = (name: string, kind: FieldDefinition['kind']): FieldDefinition => ({
  name,
  kind,
  description: '',
  patterns: [],
  normalise: 'none',
});

const pack = {
  fields: [field('order_number', 'pattern'), field('date', 'date'), field('amount', 'money')],
  macros: [
    macro('late', 'delivery', 'en', 'Parcel is late', 'Your parcel {{order_number}} is late.'),
    macro(
      'address',
      'delivery',
      'en',
      'Change the address',
      'We can change the address of {{order_number|your order}}.',
    ),
    macro(
      'late-de',
      'delivery',
      'de',
      'Paket verspätet',
      'Ihr Paket {{order_number|aus dem Shop}} ist verspätet.',
    ),
    macro('refund', 'refund', 'en', 'Refund', 'We refund {{amount}} for {{date}}.'),
    macro('refund-de', 'refund', 'de', 'Erstattung', 'Wir erstatten {{amount}} vom {{date}}.'),
  ],
};
const draft = compileDrafter(pack);

const input = (
  text: string,
  label: string | undefined,
  fields: Record<string, string> = {},
  locale = 'en',
): StepInput => ({
  text,
  subject: '',
  locale,
  receivedAtMs: 0,
  ...(label === undefined ? {} : { classification: create(ClassificationSchema, { label }) }),
  extraction: create(ExtractionSchema, {
    fields: Object.entries(fields).map(([name, value]) => ({ name, value, confidence: 0.9 })),
  }),
});

describe('the choice of a macro', () => {
  it.each<[string, StepInput, string]>([
    ['most like the message', input('my parcel is late', 'delivery', { order_number: 'FF-1' }), 'late'],
    ['most like the message, another', input('please change the address', 'delivery'), 'address'],
    [
      'in the language written, not of the locale',
      input('mein Paket ist noch nicht da und ich warte', 'delivery'),
      'late-de',
    ],
    [
      'in the language of the locale where the text does not say',
      input('FF-1?', 'delivery', {}, 'de-AT'),
      'late-de',
    ],
    [
      'in English where there is none in the language',
      input('où est mon colis, je ne sais pas', 'refund', {}, 'fr'),
      'refund',
    ],
    ['the likest of all without an intent', input('a refund of my money', undefined), 'refund'],
    ['the likest of all for an intent without macros', input('refund please', 'warranty'), 'refund'],
  ])('%s', (_name, message, want) => {
    expect(draft(message, 0.9)?.macroId).toBe(want);
  });

  it('may fall on a macro for what is none of the company’s business, and says so', () => {
    const macros = [macro('sorry', 'out_of_scope', 'en', 'Not ours', 'We cannot help with this.')];
    const answer = compileDrafter({ macros, fields: [] })(input('hello', 'out_of_scope'), 0.9);
    expect(answer?.macroId).toBe('sorry');
    expect(answer?.fit.inScope).toBe(false);
  });

  it('is none for a pack without macros', () => {
    expect(compileDrafter({ macros: [], fields: [] })(input('x', 'delivery'), 0.9)).toBeUndefined();
  });
});

describe('filling', () => {
  it('writes dates in words of the macro’s language, and the rest as it is', () => {
    const values = { amount: '12.50 EUR', date: '2026-03-04' };
    expect(draft(input('a refund', 'refund', values), 0.9)?.reply).toBe(
      'We refund 12.50 EUR for March 4, 2026.',
    );
    expect(draft(input('bitte', 'refund', values, 'de'), 0.9)?.reply).toBe(
      'Wir erstatten 12.50 EUR vom 4. März 2026.',
    );
  });

  it('lists what is missing', () => {
    const answer = draft(input('a refund', 'refund', { amount: '5.00 EUR' }), 0.9);
    expect(answer?.missingFields).toEqual(['date']);
    expect(answer?.fit.missing).toBe(1);
  });

  it('takes the surest value of a field', () => {
    const message = {
      ...input('my parcel is late', 'delivery'),
      extraction: create(ExtractionSchema, {
        fields: [
          { name: 'order_number', value: 'FF-1', confidence: 0.6 },
          { name: 'order_number', value: 'FF-2', confidence: 0.8 },
          { name: 'order_number', value: 'FF-3', confidence: 0.7 },
        ],
      }),
    };
    const answer = draft(message, 0.9);
    expect(answer?.reply).toBe('Your parcel FF-2 is late.');
    expect(answer?.fit.values).toBeCloseTo(0.8);
  });

  it('repeats no template sign and no more than 80 characters of a customer’s words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (value) => {
        const answer = draft(
          input('my parcel is late', 'delivery', { order_number: `{{date}}${value}` }),
          0.9,
        );
        const reply = answer?.reply ?? '';
        expect(reply).not.toMatch(/[{}\n\u202e]/);
        expect([...reply].length).toBeLessThanOrEqual('Your parcel  is late.'.length + 80);
      }),
    );
  });
});

const fits: Fit = {
  intent: 0.95,
  choice: 1,
  values: 1,
  missing: 0,
  questions: 1,
  ownLanguage: true,
  inScope: true,
};

describe('confidence', () => {
  it.each<[string, Partial<Fit>, number]>([
    ['nothing against it: the intent’s', {}, 0.95],
    ['two macros that fit alike', { choice: 0.5 }, 0.475],
    ['a value that may be wrong', { values: 0.8 }, 0.76],
    ['a missing value', { missing: 1 }, 0.285],
    ['two missing values', { missing: 2 }, 0.0855],
    ['no question at all', { questions: 0 }, 0.95],
    ['three questions', { questions: 3 }, 0.686],
    ['another language', { ownLanguage: false }, 0.475],
    ['out of scope', { inScope: false }, 0.0475],
  ])('%s', (_name, changes, want) => {
    expect(confidenceOf({ ...fits, ...changes })).toBeCloseTo(want, 3);
  });

  it('is a probability, and no shortcoming raises it', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(unit, unit, unit, fc.nat(9), fc.nat(99), (intent, choice, values, missing, questions) => {
        const fit: Fit = { ...fits, intent, choice, values, missing, questions };
        const confidence = confidenceOf(fit);
        expect(confidence).toBeGreaterThanOrEqual(0);
        expect(confidence).toBeLessThanOrEqual(1);
        for (const worse of [
          { missing: missing + 1 },
          { questions: questions + 1 },
          { ownLanguage: false },
          { values: values / 2 },
        ]) {
          expect(confidenceOf({ ...fit, ...worse })).toBeLessThanOrEqual(confidence);
        }
      }),
    );
  });

  it.each<[number[], number]>([
    [[0.4], 1],
    [[0.4, 0.4], 0.5],
    [[0.8, 0.1], 1],
  ])('the choice among scores %j is worth %d', (scores, want) => {
    expect(choiceShare(scores)).toBeCloseTo(want, 2);
  });
});

describe('questions', () => {
  it.each<[string, number]>([
    ['Where is it?', 1],
    ['Where is it?? And when?', 2],
    ['see https://shop.test/?a=1&b=?2', 0],
    ['(really?) "so?"', 2],
    ['どこですか？ أين؟', 2],
    ['no', 0],
    ['? '.repeat(100_000), 4_000],
  ])('%#', (text, want) => {
    expect(questionsIn(text)).toBe(want);
  });
});

it.each([
  ['de-AT', 'de'],
  ['PT_br', 'pt'],
  ['', ''],
])('the language of %s is "%s"', (locale, want) => {
  expect(primaryOf(locale)).toBe(want);
});
