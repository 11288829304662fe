import { randomUUID } from 'node:crypto';
import { emit } from '@spillway/contracts/event';
import { MessageReceivedSchema, MessageSettledSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { deadTopic, retryTopic } from '@spillway/contracts/topology';
import { describe, expect, inject, it } from 'vitest';
import type { Bus, BusRecord } from './bus.js';
import type { Received } from './on.js';
import type { ServeOptions } from './serve.js';
import { eventually } from './testing/harness.js';
import { kafkaStage, makeTopics } from './testing/kafka-stage.js';
import { type MessageHandle, serveStage, settled } from './testing/serve-stage.js';

const TOPIC = 'message.received';
const SETTLED = 'message.settled';

// First: what was opened last is closed first.
const kafka = kafkaStage(inject('kafkaBrokers'));
const stage = serveStage();

/** A service that is the only one of its group, and that does with its own message what a spec says. */
async function served(handle: MessageHandle, options: Partial<ServeOptions> = {}) {
  const [group, id] = [`serve-${randomUUID()}`, randomUUID()];
  const [retry, dead] = [retryTopic(TOPIC, group), deadTopic(TOPIC, group)];
  await makeTopics(kafka.client, [TOPIC, SETTLED, retry, dead], 1);
  const bus: Bus = await kafka.bus();
  const seen: BusRecord[] = [];
  await bus.tail([SETTLED, retry, dead], (record) => seen.push(record));
  const own: MessageHandle = (received) => (received.event.messageId === id ? handle(received) : []);
  await stage.start(own, { bus, group, order: 'none', retry: { attempts: 1 }, ...options });
  await bus.publish([emit(MessageReceivedSchema, { conversationId: 'c1', messageId: id, text: 'hello' })]);
  return {
    id,
    retry,
    dead,
    /** Topics of what came of the message. */
    topics: () => seen.filter((record) => record.id.startsWith(id)).map(({ topic }) => topic),
  };
}

describe('a service on Kafka', () => {
  it('runs what failed for now again from the retry topic, after each of its waits', async () => {
    const received: Received<typeof MessageReceivedSchema>[] = [];
    const handle: MessageHandle = (message) => {
      received.push(message);
      if (received.length < 3) throw new Fault('timed_out', 'too slow');
      return [settled(message.event.messageId)];
    };
    const { id, retry, topics } = await served(handle, { retryDelaysMs: [300, 600] });
    await eventually(() => expect(topics()).toEqual([retry, retry, SETTLED]));
    expect(received.map(({ source }) => source)).toEqual([TOPIC, retry, retry]);
    expect(new Set(received.map((each) => each.id))).toEqual(new Set([`${id}/${TOPIC}`]));
  }, 40_000);

  it('parks what failed after its last wait', async () => {
    const handle: MessageHandle = () => {
      throw new Fault('timed_out', 'too slow');
    };
    const { retry, dead, topics } = await served(handle, { retryDelaysMs: [1] });
    await eventually(() => expect(topics()).toEqual([retry, dead]));
  }, 40_000);

  it('parks a message whose outputs are too large for the log', async () => {
    const handle: MessageHandle = ({ event: { messageId, conversationId } }) => {
      const large = { conversationId, messageId, reply: 'x'.repeat(1_100_000) };
      return [emit(MessageSettledSchema, large)];
    };
    const { id, dead, topics } = await served(handle);
    await eventually(() => expect(topics()).toEqual([dead]));
    expect(stage.lines.join('')).toContain(`"event_id":"${id}/${TOPIC}","code":"too_large"`);
  }, 40_000);
});
