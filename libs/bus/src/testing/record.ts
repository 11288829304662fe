import type { BusRecord } from '../bus.js';

/** A record of `message.received`, or what `over` makes of it. */
export const record = (over: Partial<BusRecord> = {}): BusRecord => ({
  topic: 'message.received',
  partition: 1,
  offset: 7,
  key: 'c1',
  id: 'm1/message.received',
  value: new Uint8Array(),
  headers: {},
  timestamp: 0,
  ...over,
});
