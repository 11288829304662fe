import type { Outgoing } from '@spillway/contracts/event';
import type { DeadLettered } from '@spillway/contracts/events';
import { retryTopic } from '@spillway/contracts/topology';
import { type BusRecord, NOT_BEFORE } from './bus.js';

/** Headers that a record gets on a retry topic, besides those that it had. */
const HEADERS = {
  partition: 'retry-origin-partition',
  offset: 'retry-origin-offset',
  attempts: 'retry-attempts',
  tier: 'retry-tier',
  replays: 'retry-replays',
  /** W3C trace context of the attempt that failed. */
  failed: 'retry-failed-traceparent',
} as const;

/** What was done for a record so far. */
export interface Trail {
  /** Attempts that failed, those of earlier tiers and replays included. */
  readonly attempts: number;
  /** Waits behind it since it was published or last replayed. */
  readonly tier: number;
  /** How often a person had it handled again. */
  readonly replays: number;
}

interface Return {
  readonly trail: Trail;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly failedTraceparent: string | undefined;
}

const countOf = (text: string | undefined): number => {
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
};

export const trailOf = ({ headers }: Pick<BusRecord, 'headers'>): Trail => ({
  attempts: countOf(headers[HEADERS.attempts]),
  tier: countOf(headers[HEADERS.tier]),
  replays: countOf(headers[HEADERS.replays]),
});

/** Whether what `originals` gives lay on a retry topic. */
export const isFromRetryTopic = ({ headers }: Pick<BusRecord, 'headers'>): boolean => HEADERS.tier in headers;

/** Trace context of the attempt before this one; undefined where it is the first, or was not traced. */
export const failedTraceparentOf = ({ headers }: Pick<BusRecord, 'headers'>): string | undefined =>
  headers[HEADERS.failed];

/** The record for the group's retry topic, with its own id, key, value and headers. */
export function putOff(record: BusRecord, group: string, { trail, notBefore, ...rest }: Return): Outgoing {
  const { topic, partition, offset, key, id, value, headers } = record;
  const { failedTraceparent: failed } = rest;
  return {
    topic: retryTopic(topic, group),
    key,
    id,
    value,
    headers: {
      ...headers,
      [HEADERS.partition]: `${partition}`,
      [HEADERS.offset]: `${offset}`,
      [HEADERS.attempts]: `${trail.attempts}`,
      [HEADERS.tier]: `${trail.tier}`,
      [HEADERS.replays]: `${trail.replays}`,
      ...(failed === undefined ? {} : { [HEADERS.failed]: failed }),
      [NOT_BEFORE]: `${notBefore}`,
    },
  };
}

/**
 * The record of a dead letter for the retry topic of the group that parked it, which alone gets it again, with a new
 * round of attempts. `failedTraceparent` is the trace context that the dead letter carries.
 */
export function replayed(
  letter: DeadLettered,
  at: { readonly notBefore: number; readonly failedTraceparent: string | undefined },
): Outgoing {
  const { originTopic: topic, originPartition: partition, originOffset, eventId: id, headers } = letter;
  const key = letter.conversationId;
  const offset = Number(originOffset);
  const record = { topic, partition, offset, key, id, value: letter.payload, headers, timestamp: 0 };
  const trail = { attempts: letter.attempts, tier: 0, replays: trailOf(letter).replays + 1 };
  return putOff(record, letter.group, { trail, ...at });
}

/** What a record's headers are once it is off the retry topics: its own, and how often it was replayed. */
export function headersAtRest({ headers }: Pick<BusRecord, 'headers'>): Record<string, string> {
  const own = { ...headers };
  for (const name of [NOT_BEFORE, ...Object.values(HEADERS)]) delete own[name];
  const { replays } = trailOf({ headers });
  return replays === 0 ? own : { ...own, [HEADERS.replays]: `${replays}` };
}

/**
 * A record of the group's retry topics as it was on its own topic; every other one is given back as it is. The same
 * record gives the same object.
 */
export function originals(group: string): (record: BusRecord) => BusRecord {
  const suffix = retryTopic('', group);
  const known = new WeakMap<BusRecord, BusRecord>();
  return (record) => {
    if (!record.topic.endsWith(suffix)) return record;
    let original = known.get(record);
    if (original === undefined) {
      original = originalOf(record, record.topic.slice(0, -suffix.length));
      known.set(record, original);
    }
    return original;
  };
}

function originalOf(record: BusRecord, topic: string): BusRecord {
  const { [HEADERS.partition]: partition, [HEADERS.offset]: offset } = record.headers;
  return { ...record, topic, partition: countOf(partition), offset: countOf(offset) };
}
