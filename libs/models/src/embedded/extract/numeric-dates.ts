import { type DateContext, dayOf, isoOf, nearestDay } from './calendar.js';
import type { Candidate } from './candidate.js';
import { datePreposition, hasBeen } from './date-words.js';

/** "2026-11-03", "3/11/2026", "03.11.26", "05.11."; no part of a longer number, version or address. */
const numericDate =
  /(?<![\p{L}\d]|\d[./-])(?:(\d{4})([./-])(\d{1,2})\2(\d{1,2})|(\d{1,2})([./-])(\d{1,2})(?:\6(\d{4}|\d{2}))?)(?![\d/-]|[.,]\d|(?!t\d)\p{L})/gu;

const MAX_DATES = 16;

interface Written {
  /** As it stands, the first two numbers. */
  readonly first: number;
  readonly second: number;
  readonly separator: string;
  readonly year: string | undefined;
  readonly before: string;
}

/** Day and month in the order of the country; the other one where only that exists. */
function dayAndMonth({ first, second }: Written, country: string): [day: number, month: number] {
  const monthFirst = country === 'US' ? first <= 12 : second > 12;
  return monthFirst ? [second, first] : [first, second];
}

/** How plainly it was written; undefined for what is more likely a fraction, a score or a version. */
function situationOf(
  { first, second, separator, year, before }: Written,
  language: string,
): string | undefined {
  if (year === undefined) {
    return separator !== '-' && datePreposition.test(before) ? 'numeric-no-year' : undefined;
  }
  const exchangeable = first <= 12 && second <= 12 && first !== second;
  return exchangeable && separator !== '.' && language === 'en' ? 'numeric-ambiguous' : 'numeric';
}

function dayWritten(written: Written, past: boolean, today: number, country: string): number | undefined {
  const [day, month] = dayAndMonth(written, country);
  if (written.year === undefined) return nearestDay(month, day, today, past);
  return dayOf(Number(written.year) + (written.year.length === 2 ? 2000 : 0), month, day);
}

/** Dates in digits alone. */
export function findNumericDates(lower: string, context: DateContext, today: number): Candidate[] {
  const { language, country } = context;
  const found: Candidate[] = [];
  for (const match of lower.matchAll(numericDate)) {
    if (found.length >= MAX_DATES) break;
    const [whole, isoYear, , isoMonth, isoDay, first, separator = '', second, year] = match;
    const start = match.index;
    const end = start + whole.length;
    const before = lower.slice(Math.max(0, start - 16), start);
    const written = { first: Number(first), second: Number(second), separator, year, before };
    const iso = isoYear !== undefined;
    const situation = iso ? 'iso' : situationOf(written, language);
    if (situation === undefined) continue;
    const day = iso
      ? dayOf(Number(isoYear), Number(isoMonth), Number(isoDay))
      : dayWritten(written, hasBeen(lower, start, end, language), today, country);
    if (day !== undefined) found.push({ kind: 'date', value: isoOf(day), start, end, situation });
  }
  return found;
}
