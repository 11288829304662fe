import { type CountryCode, findPhoneNumbersInText, isSupportedCountry } from 'libphonenumber-js/max';
import type { Candidate } from './candidate.js';

/** Digits with the signs that stand between the digits of telephone numbers; bounded, so linear. */
const stretch = /[+(]?\d[\d\s().\-/\u00a0\u2011\u2013]{5,30}\d/g;
const MAX_STRETCHES = 12;
const MIN_DIGITS = 7;
const MAX_DIGITS = 15;

export const countryOf = (country: string): CountryCode | undefined => {
  const code = country.toUpperCase();
  return isSupportedCountry(code) ? code : undefined;
};

const digitsIn = (text: string): number => {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) count += 1;
  }
  return count;
};

/** Whether a national number lacks the prefix that its country dials it with: such digits are mostly something else. */
const lacksPrefix = (written: string, national: string): boolean =>
  !written.startsWith('+') && !written.startsWith('00') && digitsIn(national) > digitsIn(written);

function situationOf(written: string): string {
  if (written.startsWith('+') || written.startsWith('00')) return 'international';
  return /\D/.test(written) ? 'national' : 'bare';
}

/** Telephone numbers that exist in their country's numbering plan, as E.164; national ones are read as the pack's country's. */
export function findPhones(
  text: string,
  country: CountryCode | undefined,
  most = MAX_STRETCHES,
): Candidate[] {
  const found: Candidate[] = [];
  let stretches = 0;
  for (const match of text.matchAll(stretch)) {
    const count = digitsIn(match[0]);
    if (count < MIN_DIGITS || count > MAX_DIGITS + MIN_DIGITS) continue;
    stretches += 1;
    if (stretches > most) break;
    // One character more on each side: a number that goes on in letters is a code, not a telephone number.
    const offset = Math.max(0, match.index - 1);
    const part = text.slice(offset, match.index + match[0].length + 1);
    for (const { number, startsAt, endsAt } of findPhoneNumbersInText(part, country)) {
      const [start, end] = [offset + startsAt, offset + endsAt];
      const written = text.slice(start, end);
      if (lacksPrefix(written.replace(/^\(/, ''), number.formatNational())) continue;
      const situation = situationOf(written);
      found.push({ kind: 'phone', value: number.number, start, end, situation });
    }
  }
  return found;
}
