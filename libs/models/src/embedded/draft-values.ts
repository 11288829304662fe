import type { Extraction } from '@spillway/contracts/model';
import type { FieldKind, Pack } from '@spillway/pack/pack';

/** A value as it may stand in a reply. */
export interface ReplyValue {
  readonly text: string;
  /** Calibrated, 0 to 1. */
  readonly confidence: number;
}

/** Characters of a customer's words that a reply repeats. */
const MAX_VALUE = 80;
/** Controls, invisible and direction signs: nobody reads them, and they can turn a line around. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu;
/** A company does not repeat a stranger's link to its customer, nor mark-up. */
const LINK = /:\/\/|\bwww\.|\.\w{2,}\/|[<>]/i;

/**
 * A customer's words made fit to be repeated: one line, bounded, without template signs or invisible characters.
 * Undefined for what must not be repeated at all.
 */
export function repeatable(value: string): string | undefined {
  const line = value
    .slice(0, 4 * MAX_VALUE)
    .replace(/\s+/gu, ' ')
    .replace(UNSEEN, '')
    .replace(/[{}]/g, '')
    .trim();
  const text = [...line].slice(0, MAX_VALUE).join('').trim();
  return text === '' || LINK.test(text) ? undefined : text;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(locale: string): Intl.DateTimeFormat {
  let format = formats.get(locale);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' });
    formats.set(locale, format);
  }
  return format;
}

/** "2025-03-04" as "4 March 2025"; what is no such date, and every other kind, as it is. */
export function inWords(value: string, kind: FieldKind, locale: string): string {
  const ms = kind === 'date' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? value : formatOf(locale).format(ms);
}

/** What a reply in `locale` may say of the extracted fields: the surest value of each. */
export function replyValues(
  extraction: Extraction | undefined,
  fields: Pack['fields'],
  locale: string,
): ReadonlyMap<string, ReplyValue> {
  const kinds = new Map(fields.map(({ name, kind }) => [name, kind]));
  const values = new Map<string, ReplyValue>();
  for (const { name, value, confidence } of extraction?.fields ?? []) {
    const kind = kinds.get(name);
    const safe = kind === undefined ? undefined : repeatable(value);
    if (kind === undefined || safe === undefined) continue;
    if (confidence > (values.get(name)?.confidence ?? 0)) {
      values.set(name, { text: inWords(safe, kind, locale), confidence });
    }
  }
  return values;
}
