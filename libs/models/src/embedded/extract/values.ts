import type { FieldDefinition, Pack } from '@spillway/pack/pack';
import { type Language, languageOfLocale, languageOfText } from '../language.js';
import { lowered } from '../words.js';
import type { Candidate } from './candidate.js';
import { findDates } from './dates.js';
import { findEmails } from './emails.js';
import { withoutOverlaps } from './extractor.js';
import { findMoney } from './money.js';
import { countryOf, findPhones } from './phones.js';
import { offsetFinder } from './time-zone.js';

/** What a value that says too little by itself is read by. */
export interface ValueContext {
  /** The message that the value is about: its language decides how dates are written. */
  readonly text: string;
  readonly locale: string;
  /** Milliseconds since the epoch: dates without a year are the nearest to it. */
  readonly receivedAtMs: number;
}

/** Dates, amounts, telephone numbers and addresses of a text, normalised as the extractor normalises them. */
export type ValueFinder = (text: string, context: ValueContext) => readonly Candidate[];

/** Makes a finder of everything that names a day, an amount, a number or an address with digits or an @. */
export function valueFinder({ country, currency, timeZone }: Pack['brand']): ValueFinder {
  const offsetAt = offsetFinder(timeZone);
  return (text, { text: message, locale, receivedAtMs }) => {
    const lower = lowered(text);
    const language: Language =
      languageOfText(text) ?? languageOfText(message) ?? languageOfLocale(locale) ?? 'en';
    const context = { language, country, receivedAtMs, offsetMinutes: offsetAt(receivedAtMs) };
    // "Tomorrow" is a day too, but none that could be compared with one that was written.
    const dates = findDates(lower, context).filter(({ start, end }) => /\d/.test(text.slice(start, end)));
    return withoutOverlaps([
      ...findEmails(text),
      ...findMoney(lower, currency.toUpperCase()),
      ...findPhones(text, countryOf(country)),
      ...dates,
    ]);
  };
}

/**
 * The value of a field in the form that the extractor writes it in, so that "12 November" and "2026-11-12" are the same. A
 * value that is not plainly of the field's kind, or holds more digits than that, stays as it is but for case and white space.
 */
export function normalForm(
  field: Pick<FieldDefinition, 'kind' | 'normalise'>,
  value: string,
  context: ValueContext,
  find: ValueFinder,
): string {
  const folded = value.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
  if (field.kind === 'pattern') return field.normalise === 'digits' ? folded.replace(/\D/g, '') : folded;
  const [only, ...others] = find(value, context).filter(({ kind }) => kind === field.kind);
  if (only === undefined || others.length > 0) return folded;
  const rest = value.slice(0, only.start) + value.slice(only.end);
  return /\d/.test(rest) ? folded : only.value.toLowerCase();
}
