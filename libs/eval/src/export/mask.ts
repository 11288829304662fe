import type { PersonalDataFinder, PersonalValue } from '@spillway/models/personal-data';
import { MACRO_NAMES, type Pack } from '@spillway/pack/pack';
import type { SenderNames } from './sender-names.js';

/** Masks what is personal in the texts of one row: the same value gets the same placeholder in all of them. */
export interface RowMask {
  /** The text with `[EMAIL_1]` and the like in the place of what is personal. */
  text(text: string): string;
  /** A value that was read out of the message for a field of the pack. */
  field(name: string, value: string): string;
  /** Placeholders by kind, such as EMAIL, that `text` and `field` have put in so far. */
  readonly counts: ReadonlyMap<string, number>;
}

/** What a row says, all of it: a value that one text gives away is masked in all. */
export interface RowWords {
  readonly texts: readonly string[];
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly names: SenderNames;
}

/** Makes the mask of a row. */
export type Masking = (words: RowWords) => RowMask;

/** Letters and digits of a value that says who it is of; a shorter one may stand anywhere. */
const LEAST = 4;
/** Numbers are written with and without what goes before them, such as FF-204518 and 204518. */
const LEAST_SHARED = 5;

interface Known {
  readonly kind: string;
  readonly key: string;
  readonly placeholder: string;
  readonly written: Set<string>;
}

/** The masking of a pack. The company's own addresses and numbers, as its approved texts have them, stay. */
export function masking(pack: Pack, find: PersonalDataFinder): Masking {
  const kinds = new Map(pack.fields.map((field) => [field.name, kindOf(field)]));
  const own = new Set(houseTexts(pack).flatMap((text) => find(text).map(identity)));
  const foundIn = (text: string) => find(text).filter((found) => !own.has(identity(found)));
  return ({ texts, fields, names }) => {
    const known: Known[] = [];
    if (names.words.length > 0) {
      known.push({
        kind: 'NAME',
        key: keyOf(names.words.join(' ')),
        placeholder: '[NAME_1]',
        written: new Set(),
      });
    }
    for (const text of texts) {
      for (const found of foundIn(text))
        learn(known, found.kind, found.value, text.slice(found.start, found.end));
    }
    for (const { name, value } of fields) {
      const kind = kinds.get(name);
      if (kind !== undefined && !own.has(identity({ kind, value }))) learn(known, kind, value, value);
    }
    return rowMask(known, names, foundIn, kinds);
  };
}

function rowMask(
  known: Known[],
  names: SenderNames,
  foundIn: (text: string) => readonly PersonalValue[],
  kinds: ReadonlyMap<string, string | undefined>,
): RowMask {
  const counts = new Map<string, number>();
  const literal = literalFinder(known, names);
  const count = (placeholder: string): string => {
    const kind = placeholder.slice(1, placeholder.lastIndexOf('_'));
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return placeholder;
  };
  const maskText = (text: string): string => {
    const places = [
      ...foundIn(text).map((found) => ({
        ...found,
        placeholder: learn(known, found.kind, found.value, text.slice(found.start, found.end)),
      })),
      ...literal(text),
    ].toSorted((one, other) => one.start - other.start || other.end - one.end);
    let masked = '';
    let from = 0;
    for (const { start, end, placeholder } of places) {
      if (start >= from) masked += text.slice(from, start) + count(placeholder);
      from = Math.max(from, end);
    }
    return masked + text.slice(from);
  };
  return {
    counts,
    text: maskText,
    field(name, value) {
      const kind = kinds.get(name);
      const entry = kind === undefined ? undefined : entryFor(known, kind, value);
      return entry === undefined ? maskText(value) : count(entry.placeholder);
    },
  };
}

const houseTexts = ({ macros, brand, prompts }: Pack): readonly string[] => [
  brand.voice,
  ...macros.map(({ text }) => text),
  ...Object.values(brand.salutations).flatMap(({ greeting, closing }) => [greeting, closing]),
  ...Object.values(prompts).flatMap(({ system, user }) => [system, user]),
];

function kindOf({ name, kind }: Pack['fields'][number]): string | undefined {
  if (name === MACRO_NAMES[0]) return 'NAME';
  if (kind === 'pattern') return name.toUpperCase();
  return kind === 'email' || kind === 'phone' ? kind.toUpperCase() : undefined;
}

const keyOf = (value: string): string => value.toLowerCase().replace(/[^\p{L}\p{N}@]+/gu, '');

const identity = ({ kind, value }: Pick<PersonalValue, 'kind' | 'value'>): string =>
  `${kind} ${keyOf(value)}`;

/** The placeholder of a value, and from now on of every other way in which it is written. */
function learn(known: Known[], kind: string, value: string, written: string): string {
  let entry = entryFor(known, kind, value);
  if (entry === undefined) {
    const nth = known.filter((each) => each.kind === kind).length + 1;
    entry = { kind, key: keyOf(value), placeholder: `[${kind}_${nth}]`, written: new Set() };
    known.push(entry);
  }
  entry.written.add(written).add(value);
  return entry.placeholder;
}

function entryFor(known: readonly Known[], kind: string, value: string): Known | undefined {
  const key = keyOf(value);
  const ofKind = known.filter((each) => each.kind === kind);
  return ofKind.find((each) => each.key === key) ?? ofKind.find((each) => alike(kind, each.key, key));
}

/** Whether two keys are ways of writing one value: one is the end of the other, of a name any part of it. */
function alike(kind: string, one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  if (kind === 'NAME') return short.length >= LEAST - 1 && long.includes(short);
  return kind !== 'EMAIL' && short.length >= LEAST_SHARED && long.endsWith(short);
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly placeholder: string;
}

/** Finds what is known already, letter for letter: where no rule would see it, as a bare number in a reply. */
function literalFinder(known: readonly Known[], names: SenderNames): (text: string) => readonly Place[] {
  const placeholders = new Map<string, string>();
  for (const { kind, placeholder, written } of known) {
    for (const each of written) {
      if (kind === 'NAME' || keyOf(each).length >= LEAST) placeholders.set(each.toLowerCase(), placeholder);
    }
  }
  for (const whole of names.whole) placeholders.set(whole.toLowerCase(), '[NAME_1]');
  const exact = alternation([...placeholders.keys()], 'giu');
  const words = alternation(
    names.words.flatMap((word) => [word, word.toUpperCase()]),
    'gu',
  );
  return (text) => [
    ...(exact === undefined ? [] : placesOf(text, exact, (found) => placeholders.get(found.toLowerCase()))),
    ...(words === undefined ? [] : placesOf(text, words, () => '[NAME_1]')),
  ];
}

function placesOf(
  text: string,
  shape: RegExp,
  placeholderOf: (found: string) => string | undefined,
): readonly Place[] {
  return [...text.matchAll(shape)].map(({ index, 0: found }) => ({
    start: index,
    end: index + found.length,
    placeholder: placeholderOf(found) ?? '[NAME_1]',
  }));
}

function alternation(words: readonly string[], flags: string): RegExp | undefined {
  if (words.length === 0) return undefined;
  const escaped = words
    .toSorted((one, other) => other.length - one.length)
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`, flags);
}
