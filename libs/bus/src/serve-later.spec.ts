import { emit } from '@spillway/contracts/event';
import { MessageReceivedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import type { Received } from './on.js';
import type { ServeOptions } from './serve.js';
import { eventually } from './testing/harness.js';
import { type MessageHandle, message, RETRY_TOPIC, serveStage, settled } from './testing/serve-stage.js';

type Message = Received<typeof MessageReceivedSchema>;

const stage = serveStage();

describe('what fails for now', () => {
  const relaxed = { order: 'none', retry: { attempts: 2, firstMs: 1 } } as const;
  const strict = { order: 'key', retry: { attempts: 2, firstMs: 1 } } as const;
  const settledIds = () =>
    stage.seen.filter(({ topic }) => topic === 'message.settled').map(({ id }) => id.split('/')[0]);

  it('runs again from the retry topic, as what it was, and others go on meanwhile', async () => {
    const received: Message[] = [];
    const handle: MessageHandle = (message) => {
      if (message.event.messageId === 'sick') {
        received.push(message);
        if (received.length <= 2) throw new Fault('timed_out', 'too slow');
      }
      return [settled(message.event.messageId)];
    };
    await stage.start(handle, { ...relaxed, retryDelaysMs: [600] });
    await stage.bus.publish([{ ...message('sick'), headers: { a: 'b' } }, message('well')]);
    await eventually(() => expect(settledIds()).toEqual(['well', 'sick']));
    expect(received.map(({ source }) => source)).toEqual([
      'message.received',
      'message.received',
      RETRY_TOPIC,
    ]);
    const [first, , again] = received;
    expect(again).toMatchObject({
      id: first?.id,
      key: first?.key,
      event: { messageId: 'sick' },
      record: { topic: 'message.received', partition: first?.record.partition, offset: 0 },
    });
    expect(again?.record.headers['a']).toBe('b');
    expect(stage.lines.join('')).toContain('an event is put off');
    expect(stage.deadLetters).toEqual([]);
  });

  it.each<[string, Partial<ServeOptions>, number]>([
    ['relaxed, it goes through the tiers', relaxed, 2],
    ['strict, it is held', strict, 0],
  ])('is parked with all its attempts once nothing helps: %s', async (_, options, retries) => {
    let runs = 0;
    const handle: MessageHandle = () => {
      runs += 1;
      throw new Fault('timed_out', 'too slow');
    };
    await stage.start(handle, { ...options, retryDelaysMs: [1, 2] });
    await stage.bus.publish([message('sick')]);
    await eventually(() => expect(stage.deadLetters.length).toBe(1));
    expect(runs).toBe(6);
    expect(stage.deadLetters[0]).toMatchObject({
      attempts: 6,
      errorCode: 'timed_out',
      eventId: 'sick/message.received',
      originTopic: 'message.received',
      originOffset: 0n,
      payload: message('sick').value,
      headers: {},
    });
    expect(stage.seen.filter(({ topic }) => topic === RETRY_TOPIC).length).toBe(retries);
  });

  it.each<[string, Partial<ServeOptions>, readonly string[]]>([
    ['strict: the later ones of its key wait for it', strict, ['other', 'sick', 'behind']],
    ['relaxed: they do not', relaxed, ['behind', 'other', 'sick']],
  ])('%s', async (_, options, order) => {
    let runs = 0;
    const handle: MessageHandle = ({ event: { messageId } }) => {
      runs += messageId === 'sick' ? 1 : 0;
      if (messageId === 'sick' && runs <= 2) throw new Fault('timed_out', 'too slow');
      return [settled(messageId)];
    };
    await stage.start(handle, { ...options, slots: 1, retryDelaysMs: [400] });
    const other = emit(MessageReceivedSchema, { conversationId: 'c2', messageId: 'other' });
    await stage.bus.publish([message('sick'), message('behind'), other]);
    await eventually(() => expect(settledIds()).toEqual(order));
  });

  it('is neither put off nor parked in an outage', async () => {
    let runs = 0;
    const handle: MessageHandle = () => {
      runs += 1;
      if (runs <= 4) throw new Fault('unavailable', 'the store is down');
      return [settled('m1')];
    };
    await stage.start(handle, { ...relaxed, retryDelaysMs: [1] });
    await stage.bus.publish([message('m1')]);
    await eventually(() => expect(settledIds()).toEqual(['m1']));
    expect(stage.seen.map(({ topic }) => topic)).toEqual(['message.settled']);
  });
});
