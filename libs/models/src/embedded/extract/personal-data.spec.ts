import { describe, expect, it } from 'vitest';
import { smallPack } from '../../testing/small-pack.js';
import { personalDataFinder } from './personal-data.js';

const find = personalDataFinder(smallPack());

/** The text with what was found in brackets, and the kinds. */
function marked(text: string): readonly [string, readonly string[]] {
  const found = find(text);
  const shown = found.reduceRight(
    (rest, { start, end }) => `${rest.slice(0, start)}<${rest.slice(start, end)}>${rest.slice(end)}`,
    text,
  );
  return [shown, found.map(({ kind }) => kind)];
}

describe('what is personal in a text', () => {
  it.each<[string, string, readonly string[]]>([
    ['an address', 'write to <Jo.Doe@shop.test>.', ['EMAIL']],
    ['an address that is written wrongly', 'I am <jo@shop> and <jo..x@y.test>', ['EMAIL', 'EMAIL']],
    ['a name on a social network', 'as <@ada_b> said @ noon', ['HANDLE']],
    ['a telephone number of the country', 'ring <01 677 3456> please', ['PHONE']],
    ['a telephone number of another country', 'ring <+49 30 901820>', ['PHONE']],
    ['a national number of nobody knows which country', 'ring <0171 999 88 77 66>', ['NUMBER']],
    ['a card in groups', 'card <4111 1111 1111 1111> was charged', ['CARD']],
    ['a number that is no card', 'number <4111 1111 1111 1112>', ['NUMBER']],
    ['an IBAN in groups', 'to <IE64 IRCE 9205 0112 3456 78> please', ['IBAN']],
    ['an IBAN in one', 'to <de89370400440532013000>, thanks', ['IBAN']],
    ['an IBAN with a slip', 'to IE64 IRCE <9205 0112 3456 79> please', ['NUMBER']],
    ['what the pack has a pattern for', 'order <a-77> is late', ['ORDER_NUMBER']],
    ['the name under a closing', 'It broke.\n\nKind regards,\n<Ada van Byron>', ['NAME']],
    ['the name behind a closing', 'It broke.\nBest regards, <Ada>', ['NAME']],
    ['the name under a German closing', 'Es fehlt.\nMit freundlichen Grüßen\n\n<Änne Weiß>\n', ['NAME']],
    ['a name that is given', 'My name is <Grace Hopper> and it broke. Her name’s <Ada>.', ['NAME', 'NAME']],
    ['a name that is given in Dutch', 'Hallo, ik heet <Jan van der Berg>, de tafel is stuk', ['NAME']],
    ['a name that is given in French', 'Je m’appelle <Zoé Dubois>.', ['NAME']],
    ['a name that is given in German', 'ich heisse <Änne Weiß> und warte', ['NAME']],
    ['no state of mind', 'I am Very angry, and my name is on the list', []],
    ['no team', 'Kind regards,\nthe Acme team', []],
    ['no day', 'bought on 2026-11-24 09:30, or 24.11.2026', []],
    ['no sum', 'paid 1.234.567,50 EUR', []],
    ['no size', 'the 120x200 one for 89', []],
  ])('%s', (_, text, kinds) => {
    expect(marked(text.replace(/[<>]/g, ''))).toEqual([text, kinds]);
  });

  it.each([
    ['EMAIL', 'jo@shop.test'],
    ['PHONE', '01 677 3456'],
    ['ORDER_NUMBER', 'a-77'],
  ])('has no end: the hundredth %s counts as the first', (kind, written) => {
    const found = find(`${written}, `.repeat(100));
    expect(found.filter((each) => each.kind === kind)).toHaveLength(100);
  });

  it('takes time that grows with the text, whatever stands in it', () => {
    const hostile = ['@', 'a@', '1 ', '(', 'IE64 ', "Kind regards, A'", '4'].map((sign) =>
      sign.repeat(20_000),
    );
    for (const text of hostile) expect(find(text).length).toBeLessThan(20_001);
  });
});
