import { MACRO_NAMES, type Pack } from '@spillway/pack/pack';
import { findAccountNumbers } from './account-numbers.js';
import { findEmails } from './emails.js';
import { findIntroductions } from './introductions.js';
import { compilePatterns, findPatterns } from './patterns.js';
import { countryOf, findPhones } from './phones.js';
import { findSignatures } from './signatures.js';

/** Something in a text that tells who somebody is, or that is theirs alone. */
export interface PersonalValue {
  /** EMAIL, HANDLE, PHONE, CARD, IBAN, NAME (also for the field `customer_name`), NUMBER, or a pattern field's name in capitals. */
  readonly kind: string;
  /** The same for other ways of writing it. */
  readonly value: string;
  /** Characters [start, end) of the text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
}

/** Finds what is personal in a text, each place once, in the order of the text. */
export type PersonalDataFinder = (text: string) => readonly PersonalValue[];

/** Whatever has an @ between words: an address that is written wrongly names its owner all the same. */
const likeAddress = /[^\s@<>()[\]",;:]{1,64}@[^\s@<>()[\]",;:]{1,255}/g;
/** How people are called on a social network. */
const handle = /(?<![\p{L}\p{N}_.@/])@[\p{L}\p{N}_][\p{L}\p{N}_.]{1,29}/gu;
/** As long as the numbers of people and their accounts; days, sums and sizes are shorter. */
const longNumber = /(?<![\p{L}\p{N}])\+?\d(?:[ .\-/()\u00a0]{0,2}\d){8,40}(?![\p{L}\p{N}])/gu;
const writtenDay = /\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\b/g;

/** The extraction looks at so many places and no more; here the last one counts too. */
const EVERY = Number.POSITIVE_INFINITY;

/** Stands for what was found already: no finder takes it for a part of anything. */
const GONE = '\u0001';

/**
 * The finder for a pack: addresses, names on social networks, telephone numbers, cards, IBANs, what the pack's own patterns find (numbers of orders,
 * parcels, customers), the name under a closing or behind "my name is", and any other number of nine digits or more. It would
 * rather find too much: a value that is left over can be read by whoever gets the text. Other names inside of sentences and
 * postal addresses are not found.
 *
 * @throws Fault `misconfigured` when a pattern of the pack does not compile
 */
export function personalDataFinder({ fields, brand }: Pick<Pack, 'fields' | 'brand'>): PersonalDataFinder {
  const patterns = compilePatterns(fields.filter(({ kind }) => kind === 'pattern'));
  const country = countryOf(brand.country);
  const finders: readonly PersonalDataFinder[] = [
    (text) => findEmails(text, EVERY).map((found) => ({ ...found, kind: 'EMAIL' })),
    (text) => shaped(text, likeAddress, 'EMAIL'),
    (text) => shaped(text, handle, 'HANDLE'),
    findAccountNumbers,
    (text) =>
      findPatterns(text, patterns, EVERY).map(({ field = '', ...found }) => ({
        ...found,
        kind: kindOfField(field),
      })),
    (text) => findPhones(text, country, EVERY).map((found) => ({ ...found, kind: 'PHONE' })),
    (text) =>
      shaped(
        text.replace(writtenDay, (day) => GONE.repeat(day.length)),
        longNumber,
        'NUMBER',
      ),
    (text) =>
      [...findSignatures(text), ...findIntroductions(text)].map(({ name, ...place }) => ({
        ...place,
        kind: 'NAME',
        value: name,
      })),
  ];
  return (text) => {
    const found: PersonalValue[] = [];
    let rest = text;
    for (const find of finders) {
      const more = apart(find(rest));
      found.push(...more);
      rest = without(rest, more);
    }
    return found.sort((one, other) => one.start - other.start);
  };
}

/** Of what the pack's patterns find for a field. */
const kindOfField = (field: string): string => (field === MACRO_NAMES[0] ? 'NAME' : field.toUpperCase());

/** Of values that overlap the one that begins first, and of those the longest. */
function apart(values: readonly PersonalValue[]): readonly PersonalValue[] {
  let end = 0;
  return values
    .toSorted((one, other) => one.start - other.start || other.end - one.end)
    .filter((value) => {
      if (value.start < end) return false;
      end = value.end;
      return true;
    })
    .map(({ kind, value, start, end: to }) => ({ kind, value, start, end: to }));
}

/** In pieces, so that a text of nothing but addresses takes no longer than its length asks for. */
function without(text: string, values: readonly PersonalValue[]): string {
  let rest = '';
  let from = 0;
  for (const { start, end } of values.toSorted((one, other) => one.start - other.start)) {
    rest += text.slice(from, start) + GONE.repeat(end - start);
    from = end;
  }
  return rest + text.slice(from);
}

const shaped = (text: string, shape: RegExp, kind: string): PersonalValue[] =>
  [...text.matchAll(shape)].map(({ index, 0: written }) => ({
    kind,
    value: kind === 'NUMBER' ? written.replace(/\D/g, '') : written.toLowerCase(),
    start: index,
    end: index + written.length,
  }));
