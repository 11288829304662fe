import type { BusRecord } from '../bus.js';

/** Id of the customer's message that a record belongs to, read from the record's id; empty when it has none. */
export function messageIdOf({ id, topic }: BusRecord): string {
  const end = id.indexOf(`/${topic}`);
  return end > 0 ? id.slice(0, end) : '';
}
