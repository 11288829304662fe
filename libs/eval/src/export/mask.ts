import type { PersonalDataFinder, PersonalValue } from '@spillway/models/personal-data';
import { MACRO_NAMES, type Pack } from '@spillway/pack/pack';
import { type KnownValues, keyOf, knownValues } from './known-values.js';
import { literalPlaces } from './literal-places.js';
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

/** A value that was read out of a message, as the pack writes it, and where it is known as the message does. */
export interface ReadValue {
  readonly name: string;
  readonly value: string;
  readonly written?: string;
}

/** What a row says, all of it: a value that one text gives away is masked in all. */
export interface RowWords {
  readonly texts: readonly string[];
  readonly fields: readonly ReadValue[];
  readonly names: SenderNames;
}

/** Makes the mask of a row. */
export type Masking = (words: RowWords) => RowMask;

/** The masking of a pack. The company's own addresses and numbers, as its approved texts have them, stay. */
export function masking(pack: Pack, find: PersonalDataFinder): Masking {
  const kinds = new Map(pack.fields.map((field) => [field.name, kindOf(field)]));
  const own = new Set(houseTexts(pack).flatMap((text) => find(text).map(identity)));
  const foundIn = (text: string) => find(text).filter((found) => !own.has(identity(found)));
  return ({ texts, fields, names }) => {
    const known = knownValues(names);
    for (const text of texts) {
      for (const { kind, value, start, end } of foundIn(text))
        known.learn(kind, value, text.slice(start, end));
    }
    for (const { name, value, written = value } of fields) {
      const kind = kinds.get(name);
      if (kind !== undefined && !own.has(identity({ kind, value }))) known.learnRead(kind, value, written);
    }
    return rowMask(known, foundIn, kinds);
  };
}

function rowMask(
  known: KnownValues,
  foundIn: (text: string) => readonly PersonalValue[],
  kinds: ReadonlyMap<string, string | undefined>,
): RowMask {
  const counts = new Map<string, number>();
  const words = known.words();
  const count = (placeholder: string): string => {
    const kind = placeholder.slice(1, placeholder.lastIndexOf('_'));
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return placeholder;
  };
  const maskText = (text: string): string => {
    const places = [
      ...foundIn(text).map(({ kind, value, start, end }) => ({
        start,
        end,
        placeholder: known.learn(kind, value, text.slice(start, end)),
      })),
      ...literalPlaces(text, words),
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
      const placeholder = kind === undefined ? undefined : known.placeholderOf(kind, value);
      return placeholder === undefined ? maskText(value) : count(placeholder);
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

const identity = ({ kind, value }: Pick<PersonalValue, 'kind' | 'value'>): string =>
  `${kind} ${keyOf(value)}`;
