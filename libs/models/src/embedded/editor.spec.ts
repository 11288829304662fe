import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileEditor, type EditContext, isSafeName } from './editor.js';

const brand = {
  salutations: {
    en: { greeting: 'Hi {{customer_name|there}},', closing: 'Warm wishes,\nthe team' },
    de: { greeting: 'Guten Tag {{customer_name|liebe Kundin}},', closing: 'Herzliche Grüße\nIhr Team' },
  },
  wordings: [
    { avoid: 'kindly', prefer: 'please' },
    { avoid: 'in order to', prefer: 'to' },
    { avoid: 'client', prefer: 'valued client' },
    { avoid: 'ASAP', prefer: 'as soon as we can' },
  ],
};
const edit = compileEditor(brand);

/** Salutations that no list of greetings holds, and wordings that reach into them and into each other. */
const odd = compileEditor({
  salutations: { en: { greeting: 'Yo', closing: 'See you on the kindly trail' } },
  wordings: [
    { avoid: 'kindly', prefer: 'nicely' },
    { avoid: 'sorry', prefer: 'unhappy' },
    { avoid: 'nicely', prefer: 'gladly' },
  ],
});
const neutral: EditContext = { locale: 'en', mood: 'neutral' };

/** What lies between the greeting and the closing. */
const body = (text: string, context: EditContext = neutral): string =>
  edit(text, context)
    .replace(/^Hi there,\n\n/, '')
    .replace(/\n\nWarm wishes,\nthe team$/, '');

describe('greeting and closing', () => {
  it.each<[string, EditContext, string]>([
    ['We ship today.', neutral, 'Hi there,\n\nWe ship today.\n\nWarm wishes,\nthe team'],
    [
      'We ship today.',
      { ...neutral, customerName: 'Ann' },
      'Hi Ann,\n\nWe ship today.\n\nWarm wishes,\nthe team',
    ],
    ['Dear Ann,\n\nWe ship today.', neutral, 'Dear Ann,\n\nWe ship today.\n\nWarm wishes,\nthe team'],
    ['We ship today.\n\nKind regards,\nJo', neutral, 'Hi there,\n\nWe ship today.\n\nKind regards,\nJo'],
    [
      'Wir senden heute.',
      { ...neutral, locale: 'de-AT' },
      'Guten Tag liebe Kundin,\n\nWir senden heute.\n\nHerzliche Grüße\nIhr Team',
    ],
    ['Nous expédions.', { ...neutral, locale: 'fr' }, 'Nous expédions.'],
    ['We ship.', { ...neutral, locale: 'ja' }, 'We ship.'],
    ['', neutral, ''],
    [' \n ', neutral, ''],
  ])('%j %#', (text, context, want) => {
    expect(edit(text, context)).toBe(want);
  });
});

it('a word that only begins like the greeting is no greeting', () => {
  expect(odd('Young plants ship.', neutral)).toBe('Yo\n\nYoung plants ship.\n\nSee you on the gladly trail');
});

describe('names', () => {
  it.each<[string, boolean]>([
    ['Ann', true],
    ["Siobhán O'Neill", true],
    ['Jean-Luc de la Tour', true],
    ['ann', false],
    ['Ann visit evil.test', false],
    ['Ann, you won', false],
    ['{{order_number}}', false],
    ['A'.repeat(60), false],
    ['Ann\nBob', false],
    ['Ann 5', false],
    ['', false],
  ])('%j may stand in a greeting: %s', (name, want) => {
    expect(isSafeName(name)).toBe(want);
  });
});

it('no other name is used', () => {
  expect(edit('We ship.', { ...neutral, customerName: 'Ann visit evil.test' })).toMatch(/^Hi there,/);
});

describe('apology', () => {
  const upset: EditContext = { locale: 'en', mood: 'negative' };

  it.each<[string, string, EditContext, string]>([
    [
      'comes first for an upset customer',
      'We ship.',
      upset,
      'We are sorry for the trouble this has caused you.\n\nWe ship.',
    ],
    ['is not repeated', 'We are sorry. We ship.', upset, 'We are sorry. We ship.'],
    ['is not made without need', 'We ship.', neutral, 'We ship.'],
  ])('%s', (_name, text, context, want) => {
    expect(body(text, context)).toBe(want);
  });
});

describe('wordings', () => {
  it.each<[string, string]>([
    ['Kindly wait.', 'Please wait.'],
    ['KINDLY wait.', 'PLEASE wait.'],
    ['unkindly kindlyness', 'unkindly kindlyness'],
    ['In order  to ship', 'To ship'],
    ['one client, a valued client', 'one valued client, a valued client'],
    ['We do it ASAP.', 'We do it AS SOON AS WE CAN.'],
  ])('%j becomes %j', (text, want) => {
    expect(body(text)).toBe(want);
  });

  it('that feed each other are left alone', () => {
    const circular = compileEditor({
      salutations: {},
      wordings: [
        { avoid: 'a b', prefer: 'b' },
        { avoid: 'b c', prefer: 'a b c' },
      ],
    });
    const once = circular('x b c', neutral);
    expect(circular(once, neutral)).toBe(once);
  });
});

describe('tidying', () => {
  it.each<[string, string]>([
    ['We  ship   today .', 'We ship today.'],
    ['a\r\nb\r\n\r\n\r\n\r\nc  ', 'a\nb\n\nc'],
    ['Great!!! Really??', 'Great! Really?'],
    ['12  000 and 5 , 6', '12  000 and 5 , 6'],
    ['see https://shop.test/a?b=1!!  now', 'see https://shop.test/a?b=1!!  now'],
  ])('%j becomes %j', (text, want) => {
    expect(body(text)).toBe(want);
  });

  it('leaves the space that French puts before a sign', () => {
    expect(edit('Ça va ? Oui !', { locale: 'fr', mood: 'neutral' })).toBe('Ça va ? Oui !');
  });
});

const draft = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'kindly',
        'In order to',
        'client',
        'ASAP',
        'Hi there,',
        'Dear Ann,',
        'Warm wishes,',
        'Kind regards',
        'We are sorry.',
        'FF-204518',
        '12,50 €',
        '3 November 2026',
        'https://shop.test/a?x=1&y=kindly',
        'jo@shop.test',
        '!!',
        ' ,',
        '\n',
        '\n\n\n',
        '  ',
        '\r\n',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.lorem({ maxCount: 3 }),
    ),
    { maxLength: 16 },
  )
  .map((parts) => parts.join(' '));

const context: fc.Arbitrary<EditContext> = fc.record(
  {
    locale: fc.constantFrom('en', 'de', 'fr', 'es', 'nl', 'it', 'pt', 'ja', ''),
    mood: fc.constantFrom('negative' as const, 'neutral' as const, 'positive' as const),
    customerName: fc.constantFrom('Ann', 'evil.test', 'Kindly'),
  },
  { requiredKeys: ['locale', 'mood'] },
);

const kept = (text: string): string[] => text.match(/\S*(?:[\p{N}@]|:\/\/|www\.)\S*/gu) ?? [];

describe('for every draft', () => {
  it('editing again changes nothing', () => {
    fc.assert(
      fc.property(draft, context, (text, how) => {
        for (const editor of [edit, odd]) {
          const once = editor(text, how);
          expect(editor(once, how)).toBe(once);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('every number, amount, link and address stays, in order', () => {
    fc.assert(
      fc.property(draft, context, (text, how) => {
        for (const editor of [edit, odd]) expect(kept(editor(text, how))).toEqual(kept(text));
      }),
      { numRuns: 1_000 },
    );
  });
});
