/** A month as a number, 202611 for November 2026. */
export type Month = number;

/** Where messages go whose id tells no time. */
export const UNDATED: Month = 0;

/** Before and after it the clock that made the id was wrong: no partitions are made for such months. */
const FIRST_YEAR = 2020;
const LAST_YEAR = 2099;

const version7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?:$|\/)/i;

/**
 * The month that a message and all that is known of it are filed under.
 *
 * It follows from the id alone, so that every process files a fact alike, also one that arrives before the receipt: the
 * gateway makes a UUID of version 7, which starts with the time, as it takes a message in. Ids that tell no time, which
 * nothing in Spillway makes, share one partition: to look their month up would cost every change a read. Ids of events
 * start with the id of their message, and are filed with it.
 */
export function monthOf(id: string): Month {
  const match = version7.exec(id);
  if (match === null) return UNDATED;
  const month = monthAt(Number.parseInt(`${match[1]}${match[2]}`, 16));
  const year = Math.floor(month / 100);
  return year >= FIRST_YEAR && year <= LAST_YEAR ? month : UNDATED;
}

/** The month of a moment in milliseconds since the epoch, by UTC. */
export function monthAt(ms: number): Month {
  const date = new Date(ms);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

export const monthAfter = (month: Month): Month => (month % 100 === 12 ? month + 89 : month + 1);
