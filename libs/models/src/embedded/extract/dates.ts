import { DAY_MS, type DateContext } from './calendar.js';
import type { Candidate } from './candidate.js';
import { findNumericDates } from './numeric-dates.js';
import { findWordedDates } from './worded-dates.js';

/**
 * Calendar days in a text as ISO 8601. Of a span of days the first and the last are two values. What has no year means
 * the nearest one, and rather the last than the next; weeks, months and times of day are left out.
 *
 * @param lower the text in lower case, every character in its place
 */
export function findDates(lower: string, context: DateContext): Candidate[] {
  const today = Math.floor((context.receivedAtMs + context.offsetMinutes * 60_000) / DAY_MS);
  return [...findNumericDates(lower, context, today), ...findWordedDates(lower, context, today)];
}
