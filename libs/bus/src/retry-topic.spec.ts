import { create } from '@bufbuild/protobuf';
import { DeadLetteredSchema } from '@spillway/contracts/events';
import { describe, expect, it } from 'vitest';
import type { BusRecord } from './bus.js';
import { headersAtRest, isFromRetryTopic, originals, replayed, trailOf } from './retry-topic.js';
import { record } from './testing/record.js';

const letter = (headers: Record<string, string> = {}) =>
  create(DeadLetteredSchema, {
    conversationId: 'c1',
    messageId: 'm1',
    group: 'router',
    originTopic: 'message.received',
    originPartition: 2,
    originOffset: 41n,
    eventId: 'm1/message.received',
    headers: { traceparent: 'x', ...headers },
    payload: Uint8Array.of(1, 2),
    attempts: 4,
  });
const at = { notBefore: 5_000, failedTraceparent: 'y' };

describe('a replayed dead letter', () => {
  it('goes to the retry topic of its group alone, as what it was', () => {
    expect(replayed(letter(), at)).toMatchObject({
      topic: 'message.received.router.retry',
      key: 'c1',
      id: 'm1/message.received',
      value: Uint8Array.of(1, 2),
      headers: { traceparent: 'x', 'not-before': '5000', 'retry-failed-traceparent': 'y' },
    });
  });

  it('has a new round of attempts, and counts its replays', () => {
    const once = replayed(letter(), at);
    expect(trailOf(once)).toEqual({ attempts: 4, tier: 0, replays: 1 });
    const atRest = headersAtRest(once);
    expect(atRest).toEqual({ traceparent: 'x', 'retry-replays': '1' });
    expect(trailOf(replayed(letter(atRest), at)).replays).toBe(2);
  });
});

describe('originals', () => {
  const lying: BusRecord = {
    ...record({ partition: 0, offset: 1_000 }),
    ...replayed(letter(), at),
    timestamp: 9,
  };

  it('shows a record of the retry topic as it was on its own', () => {
    const original = originals('router')(lying);
    expect(original).toMatchObject({
      topic: 'message.received',
      partition: 2,
      offset: 41,
      id: 'm1/message.received',
      key: 'c1',
      timestamp: 9,
    });
    expect(isFromRetryTopic(original)).toBe(true);
  });

  it('gives the same object for the same record', () => {
    const originalOf = originals('router');
    expect(originalOf(lying)).toBe(originalOf(lying));
  });

  it.each<[string, Partial<BusRecord>]>([
    ['of an event’s topic', {}],
    ['of another group’s retry topic', { topic: 'message.received.ledger.retry' }],
  ])('leaves a record %s as it is', (_, over) => {
    const own = record(over);
    expect(originals('router')(own)).toBe(own);
    expect(isFromRetryTopic(own)).toBe(false);
  });

  it('reads a stranger’s record on the retry topic', () => {
    const topic = 'message.received.router.retry';
    const original = originals('router')(record({ topic, headers: { 'retry-attempts': '-1' } }));
    expect(original).toMatchObject({ topic: 'message.received', partition: 0, offset: 0 });
    expect(trailOf(original)).toEqual({ attempts: 0, tier: 0, replays: 0 });
  });
});
