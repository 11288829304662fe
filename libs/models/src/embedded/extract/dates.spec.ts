import { Chrono } from 'chrono-node';
import { describe, expect, it, vi } from 'vitest';
import type { Language } from '../language.js';
import { lowered } from '../words.js';
import { findDates } from './dates.js';

/** A Wednesday. */
const NOW = Date.UTC(2026, 10, 25, 10);

const datesIn = (text: string, language: Language = 'en', country = 'IE') =>
  findDates(lowered(text), { language, country, receivedAtMs: NOW, offsetMinutes: 0 });

/** What was found, as "words → value"; the parser counts some prepositions in and some not. */
const found = (text: string, language?: Language, country?: string): string[] =>
  datesIn(text, language, country)
    .sort((a, b) => a.start - b.start)
    .map(
      ({ start, end, value }) => `${text.slice(start, end).replace(/^(?:on|am|il(?! y)) /, '')} → ${value}`,
    );

describe('dates in English', () => {
  it.each<[string, string[]]>([
    ['ordered on 2026-11-03', ['2026-11-03 → 2026-11-03']],
    ['ordered on 03/11/2026', ['03/11/2026 → 2026-11-03']],
    ['it came on 3 November 2026', ['3 November 2026 → 2026-11-03']],
    ['it should come June 21', ['June 21 → 2027-06-21']],
    ['due on the 21st of May', ['21st of May → 2027-05-21']],
    ['due June the 21st', ['June the 21st → 2027-06-21']],
    ['I ordered on 12 November and it never came', ['12 November → 2026-11-12']],
    ['on 12 November', ['12 November → 2026-11-12']],
    ['I ordered it on 30 December', ['30 December → 2025-12-30']],
    ['will it be here tomorrow?', ['tomorrow → 2026-11-26']],
    ['paid yesterday', ['yesterday → 2026-11-24']],
    ['I sent it back 3 days ago', ['3 days ago → 2026-11-22']],
    ['can you deliver in 3 days', ['in 3 days → 2026-11-28']],
    ['I need it by Friday', ['Friday → 2026-11-27']],
    ['it arrived on Monday', ['Monday → 2026-11-23']],
    ['I need it by Wednesday', ['Wednesday → 2026-12-02']],
    ['it arrived on Wednesday', ['Wednesday → 2026-11-18']],
    ['I am away Monday to Friday', ['Monday → 2026-11-30', 'Friday → 2026-12-04']],
    ['away from 3 to 9 December', ['3 → 2026-12-03', '9 December → 2026-12-09']],
    ['be here by the 28th please', ['by the 28th → 2026-11-28']],
    ['we are away from 1 December until 8 December', ['1 December → 2026-12-01', '8 December → 2026-12-08']],
    ['it snapped on 15 August', ['15 August → 2026-08-15']],
    ['it was promised for 20 December', ['20 December → 2026-12-20']],
    ['sent back on 05.11. with DPD', ['05.11 → 2026-11-05']],
    ['the parcel from 11.11.2026 never came', ['11.11.2026 → 2026-11-11']],
    ['ordered 03/11/2026 and paid yesterday', ['03/11/2026 → 2026-11-03', 'yesterday → 2026-11-24']],
    ['on Tuesday 03/11/2026 it came', ['Tuesday → 2026-11-24', '03/11/2026 → 2026-11-03']],
    ['I need it now, not tomorrow', ['tomorrow → 2026-11-26']],
    ['on 3/11/26', ['3/11/26 → 2026-11-03']],
    ['since 24/12', ['24/12 → 2025-12-24']],
    ['at 2026-11-03T10:15', ['2026-11-03 → 2026-11-03']],
    ['I paid this morning', ['this morning → 2026-11-25']],
    ['it broke last night', ['last night → 2026-11-24']],
  ])('%s', (text, want) => {
    expect(found(text)).toEqual(want);
  });

  it.each([
    'last week',
    'a few days ago',
    'in the last 3 days',
    'after 3 days',
    'within 14 days',
    'I left it in the week',
    '3 hours ago',
    'on the 4th of each month',
    'a 3 day guarantee',
    'in March 2025',
    'good morning',
    '1/2',
    '31/02/2026',
    '10.12.20.1',
    'x3/11/2026',
    '1.3/11/2026',
    'A-3/11/2026-7',
    'may I ask something',
    'the sun sat in the march',
    '24/7',
    'score 3-2',
    'version 1.2.3',
    'right now',
    'the 2nd order and the 1st item',
    '99/99/9999',
  ])('%s is no date', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('reads the month first for the United States', () => {
    expect(found('on 03/11/2026', 'en', 'US')).toEqual(['03/11/2026 → 2026-03-11']);
  });

  it('says how plainly it was written', () => {
    const situations = (text: string): string[] => datesIn(text).map(({ situation }) => situation);
    expect(situations('2026-11-03')).toEqual(['iso']);
    expect(situations('on 03/11/2026')).toEqual(['numeric-ambiguous']);
    expect(situations('on 23/11/2026')).toEqual(['numeric']);
    expect(situations('on 03.11.2026')).toEqual(['numeric']);
    expect(situations('3 November 2026')).toEqual(['full']);
    expect(situations('3 November')).toEqual(['no-year']);
    expect(situations('by Friday')).toEqual(['weekday']);
  });
});

describe('dates in other languages', () => {
  it.each<[Language, string, string[]]>([
    ['de', 'ich habe am 3.11.2026 bestellt', ['3.11.2026 → 2026-11-03']],
    ['de', 'bestellt am 12. November', ['12. November → 2026-11-12']],
    ['de', 'kommt es übermorgen?', ['übermorgen → 2026-11-27']],
    ['de', 'vor 3 Tagen bestellt', ['vor 3 Tagen → 2026-11-22']],
    ['de', 'guten morgen', []],
    ['de', 'ein 3/4 zoll rohr, gestern bestellt', ['gestern → 2026-11-24']],
    ['fr', 'commandé le 3 novembre 2026', ['3 novembre 2026 → 2026-11-03']],
    ['fr', 'livraison demain ?', ['demain → 2026-11-26']],
    ['fr', 'reçu il y a 3 jours', ['il y a 3 jours → 2026-11-22']],
    ['es', 'lo pedí el 3 de noviembre', ['3 de noviembre → 2026-11-03']],
    ['es', 'lo pedí hace 3 días', ['hace 3 días → 2026-11-22']],
    ['es', 'llegó ayer', ['ayer → 2026-11-24']],
    ['it', 'ordinato il 3 novembre', ['3 novembre → 2026-11-03']],
    ['it', 'arriva domani', ['domani → 2026-11-26']],
    ['nl', 'besteld op 3 november 2026', ['3 november 2026 → 2026-11-03']],
    ['nl', '3 dagen geleden besteld', ['3 dagen geleden → 2026-11-22']],
    ['pt', 'comprei em 3 de novembro de 2026', ['3 de novembro de 2026 → 2026-11-03']],
    ['pt', 'chega amanhã?', ['amanhã → 2026-11-26']],
  ])('%s: %s', (language, text, want) => {
    expect(found(text, language)).toEqual(want);
  });
});

describe('the day on which the customer writes', () => {
  it.each<[number, string]>([
    [120, '2026-11-26 2026-12-03'],
    [-660, '2026-11-25 2026-11-26'],
  ])('is counted where the company is: %i minutes east', (offsetMinutes, todayAndThursday) => {
    const dates = findDates('today or by thursday', {
      language: 'en',
      country: 'IE',
      receivedAtMs: Date.UTC(2026, 10, 25, 23),
      offsetMinutes,
    });
    expect(dates.map(({ value }) => value).join(' ')).toBe(todayAndThursday);
  });
});

describe('hostile texts', () => {
  it.each<[string, string]>([
    ['dates without end', '2026-11-03 '.repeat(5_000)],
    ['date words without end', 'monday '.repeat(5_000)],
    ['digits and points', '1.'.repeat(20_000)],
    ['slashes', '1/1/'.repeat(10_000)],
    ['one word', 'a'.repeat(50_000)],
    ['spaces', `on${' '.repeat(50_000)}the 3rd`],
  ])('%s: the parser is shown a bounded part', (_name, text) => {
    const parse = vi.spyOn(Chrono.prototype, 'parse');
    try {
      expect(datesIn(text).length).toBeLessThanOrEqual(16 + 2 * 8 * 16);
      const shown = parse.mock.calls.reduce((sum, [words]) => sum + words.length, 0);
      expect(shown).toBeLessThanOrEqual(16 * (160 + 4 * 24));
    } finally {
      parse.mockRestore();
    }
  });
});
