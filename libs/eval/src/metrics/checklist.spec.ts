import { valueFinder } from '@spillway/models/values';
import { describe, expect, it } from 'vitest';
import { type Checklist, checkReply, type KnownTexts } from './checklist.js';

const find = valueFinder({
  company: 'Fjord & Fern',
  voice: '',
  salutations: {},
  wordings: [],
  currency: 'EUR',
  country: 'IE',
  timeZone: 'Europe/Dublin',
});
const known: KnownTexts = {
  message: {
    text: 'Order FF-245310 of 12 November was charged twice, €58.90 each time. Call me on 01 092 3456.',
    subject: 'Charged twice',
    locale: 'en',
    receivedAtMs: Date.parse('2026-11-23T10:00:00Z'),
  },
  fields: ['2026-11-12', '58.90 EUR'],
  macros: ['Refunds arrive within 5 working days. Returns: https://www.fjordandfern.example/returns'],
};
const nothing: Checklist = { mustMention: [], mustNotMention: [] };
const failures = (reply: string, checklist: Partial<Checklist> = {}) =>
  checkReply(reply, { ...nothing, ...checklist }, known, find).map(
    ({ check, reason }) => `${check}: ${reason}`,
  );

const invented = (fact: string) =>
  `known_facts: says "${fact}", which neither the message nor its fields nor the macros hold`;

describe('a reply holds only known facts', () => {
  it.each<[string, string, readonly string[]]>([
    ['no facts', 'Hi there, we are looking into it and come back to you.', []],
    ['the order number', 'We have found order FF-245310.', []],
    ['the order number in another notation', 'We have found order ff245310.', []],
    ['another order number', 'We have found order FF-245311.', ['FF-245311']],
    ['the amount', 'You get 58.90 EUR back.', []],
    ['the amount in another notation', 'You get € 58,90 back.', []],
    ['another amount', 'You get €40 back.', ['€40']],
    ['the same amount of another currency', 'You get $58.90 back.', ['$58.90']],
    ['the amount as a bare number', 'The 58.90 come back.', []],
    ['a number that is an amount here', 'We give you €12 back.', ['€12']],
    ['the day', 'You ordered on 12 November.', []],
    ['the day in another notation', 'You ordered on 2026-11-12.', []],
    ['another month', 'You ordered on 12 December.', ['on 12 December']],
    ['a promised day', 'It arrives on 3 December.', ['on 3 December']],
    ['the telephone number', 'We ring you on +353 1 092 3456.', []],
    ['another telephone number', 'Ring us on 01 234 5678.', ['01 234 5678']],
    ['what a macro says', 'It takes 5 working days.', []],
    ['a number of the macro, joined to a word', 'It is a 5-day wait.', []],
    ['another number of days', 'It takes 7 working days.', ['7']],
    ['a link of a macro', 'See fjordandfern.example/returns.', []],
    [
      'a made-up link',
      'See https://fjordandfern.example/refund-now.',
      ['https://fjordandfern.example/refund-now.'],
    ],
    ['a made-up address', 'Write to help@other.example.', ['help@other.example']],
    ['a discount that nobody approved', 'Here are 10% off.', ['10']],
    ['the points of a list', '1. Open the parcel.\n2) Keep the note.', []],
    ['each invented fact once', 'Pay €40. Yes, €40.', ['€40']],
  ])('%s', (_, reply, wanted) => expect(failures(reply)).toEqual(wanted.map(invented)));
});

describe('a reply is held against its checklist', () => {
  it.each<[string, string, Partial<Checklist>, readonly string[]]>([
    ['it mentions what it must, in any case', 'Your REFUND is on its way.', { mustMention: ['refund'] }, []],
    [
      'it does not',
      'We are on it.',
      { mustMention: ['refund'] },
      ['must_mention: does not mention "refund"'],
    ],
    [
      'a part of a word is no mention',
      'No refunds.',
      { mustMention: ['refund'] },
      ['must_mention: does not mention "refund"'],
    ],
    ['a day in another notation is one', 'You ordered on 12 November.', { mustMention: ['2026-11-12'] }, []],
    ['a code in another notation is one', 'It is about ff245310.', { mustMention: ['FF-245310'] }, []],
    [
      'it mentions what it must not',
      'We guarantee it.',
      { mustNotMention: ['guarantee', 'promise'] },
      ['must_not_mention: mentions "guarantee"'],
    ],
    [
      'across a line break',
      'We will\nguarantee it.',
      { mustNotMention: ['will guarantee'] },
      ['must_not_mention: mentions "will guarantee"'],
    ],
    ['its language', 'We are very sorry that this has happened to your order.', { language: 'en' }, []],
    [
      'another language',
      'Es tut uns sehr leid, dass das mit Ihrer Bestellung passiert ist.',
      { language: 'en' },
      ['language: is written in "de", not in "en"'],
    ],
    ['too little text to tell', 'OK', { language: 'de' }, []],
    ['as long as it may be', 'One two three.', { maxWords: 3 }, []],
    ['longer', "One two, it's four.", { maxWords: 3 }, ['length: has 4 words, more than 3']],
  ])('%s', (_, reply, checklist, wanted) => expect(failures(reply, checklist)).toEqual(wanted));
});
