import type { Language } from '../language.js';

export interface DateContext {
  readonly language: Language;
  /** ISO 3166 of the pack: the United States write the month first. */
  readonly country: string;
  readonly receivedAtMs: number;
  /** Minutes east of UTC where the company is, at that moment. */
  readonly offsetMinutes: number;
}

export const DAY_MS = 86_400_000;

/** Days since the epoch of a calendar day; undefined for one that does not exist. */
export function dayOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / DAY_MS : undefined;
}

export const isoOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/**
 * Days back within which a date without a year is meant as the last one. Customers write of what they ordered, paid and
 * got, over months; of what is to come, over weeks.
 */
const LATELY = 120;

/** The day of this month and number that is meant when no year is named; `past` when the words around say it has been. */
export function nearestDay(month: number, day: number, today: number, past: boolean): number | undefined {
  const year = new Date(today * DAY_MS).getUTCFullYear();
  const days = [year - 1, year, year + 1].flatMap((each) => dayOf(each, month, day) ?? []);
  const last = days.findLast((each) => each <= today);
  const next = days.find((each) => each > today);
  if (last !== undefined && (past || today - last <= LATELY)) return last;
  return next ?? last;
}
