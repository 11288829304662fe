import type { BusRecord } from '../bus.js';

/** Id of the customer's message that an event belongs to, read from the event's id; empty when it has none. */
export function messageIdOf({ id, topic }: Pick<BusRecord, 'id' | 'topic'>): string {
  const end = id.indexOf(`/${topic}`);
  return end > 0 ? id.slice(0, end) : '';
}
