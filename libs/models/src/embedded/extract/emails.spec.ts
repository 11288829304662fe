import { describe, expect, it } from 'vitest';
import { findEmails } from './emails.js';

const found = (text: string): string[] =>
  findEmails(text).map(({ start, end, value }) => {
    expect(text.slice(start, end).toLowerCase()).toBe(value);
    return value;
  });

describe('e-mail addresses', () => {
  it.each<[string, string[]]>([
    ['write to Jo.Doe@Shop.test.', ['jo.doe@shop.test']],
    ['(jo@shop.test)', ['jo@shop.test']],
    ["'jo@shop.test'", ['jo@shop.test']],
    ['<jo+orders@mail.shop.test>', ['jo+orders@mail.shop.test']],
    ["o'neill@shop.test", ["o'neill@shop.test"]],
    ['mailto:jo@shop.test?subject=x', ['jo@shop.test']],
    ['jo@shop.test,ann@shop.test', ['jo@shop.test', 'ann@shop.test']],
    ['jörg@müller.de', ['jörg@müller.de']],
    ['jo@xn--mller-kva.xn--p1ai', ['jo@xn--mller-kva.xn--p1ai']],
    ['😀jo@shop.test😀', ['jo@shop.test']],
    ['\u202ejo@shop.test', ['jo@shop.test']],
  ])('%s', (text, want) => {
    expect(found(text)).toEqual(want);
  });

  it.each([
    '@handle',
    'jo@',
    'jo@shop',
    'jo@@shop.test',
    'a@b@c.test',
    'jo..doe@shop.test',
    'jo.@shop.test',
    'jo@-shop.test',
    'jo@shop.123',
    '***jo@shop.test',
    '3 @ 5.00',
  ])('%s is none', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('keeps a bounded number', () => {
    expect(found('a@b.test '.repeat(1_000)).length).toBe(16);
  });
});
