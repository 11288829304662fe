import type { Outgoing } from '@spillway/contracts/event';
import { deadTopics } from '@spillway/contracts/topology';
import { configureLogs } from '@spillway/telemetry/logger';
import { describe, expect, inject, it, vi } from 'vitest';
import { partitionOf } from '../partition.js';
import { openProducer, type ProducerOptions } from './producer.js';
import { type BrokerStage, brokerStages, ids, outgoing } from './testing/broker-stage.js';
import { createTopics, planTopics } from './topics.js';

configureLogs({ level: 'silent' });
const stage = brokerStages(() => inject('kafkaBrokers'));

const producerOf = async ({ client, closing }: BrokerStage, options?: Partial<ProducerOptions>) =>
  closing(await openProducer(client, options));

const several = (topic: string, count: number, more?: Partial<Outgoing>): readonly Outgoing[] =>
  Array.from({ length: count }, (_, index) => outgoing(topic, `${index}`, more));

const eventually = (assertion: () => void): Promise<void> => vi.waitFor(assertion, 10_000);

describe('a producer', () => {
  it('gives the log what it was given, on the partition of its key', async () => {
    const on = await stage();
    const topic = await on.topic(5);
    const seen = await on.watch(topic);
    const producer = await producerOf(on);
    const event = outgoing(topic, 'm1/step', { key: 'żółw', headers: { type: 'Step', traceparent: '00-1' } });
    await producer.send([event]);
    await eventually(() => expect(seen).toMatchObject([{ ...event, partition: partitionOf('żółw', 5) }]));
  });

  it('sends to a group of topics, and nothing for no events', async () => {
    const on = await stage();
    const [one, two] = [await on.topic(1), await on.topic(1)];
    const seen = await on.watch(one, two);
    const producer = await producerOf(on);
    await producer.send([]);
    await producer.send([outgoing(one, 'a'), outgoing(two, 'b')]);
    await eventually(() => expect([...ids(seen)].sort()).toEqual(['a', 'b']));
  });

  it('keeps the order of a key, over calls that do not wait for each other, and many batches', async () => {
    const on = await stage();
    const topic = await on.topic(3);
    const seen = await on.watch(topic);
    const producer = await producerOf(on, { batchBytes: 1_000 });
    const events = several(topic, 300);
    await Promise.all(events.map((event) => producer.send([event])));
    await eventually(() => expect(ids(seen)).toEqual(ids(events)));
  });

  it('sends what was handed over meanwhile as one request', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const kafkaProducer = on.client.producer();
    const requests = vi.spyOn(on.client, 'producer').mockReturnValue(kafkaProducer);
    const sendBatch = vi.spyOn(kafkaProducer, 'sendBatch');
    const producer = await producerOf(on);
    requests.mockRestore();
    await Promise.all(several(topic, 100).map((event) => producer.send([event])));
    expect(sendBatch).toHaveBeenCalledOnce();
  });

  it('spreads what has no key', async () => {
    const on = await stage();
    const topic = await on.topic(4);
    const seen = await on.watch(topic);
    await (await producerOf(on)).send(several(topic, 8, { key: '' }));
    await eventually(() => expect(seen).toHaveLength(8));
    expect(new Set(seen.map(({ partition }) => partition)).size).toBe(4);
  });

  it('refuses an event that is too large, and none of its neighbours', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const seen = await on.watch(topic);
    const producer = await producerOf(on);
    const large = outgoing(topic, 'large', { value: new Uint8Array(1_100_000) });
    const outcomes = await Promise.allSettled([
      producer.send([outgoing(topic, 'before')]),
      producer.send([outgoing(topic, 'with'), large]),
      producer.send([outgoing(topic, 'after')]),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { name: 'Fault', code: 'too_large' } },
      { status: 'fulfilled' },
    ]);
    await eventually(() => expect(ids(seen)).toEqual(['before', 'after']));
  });

  it('takes a dead letter that is larger than any event', async () => {
    const on = await stage();
    const plan = planTopics().filter(({ topic }) => topic === deadTopics[0]);
    await createTopics(on.admin, plan);
    const producer = await producerOf(on);
    const letter = (bytes: number) =>
      outgoing(deadTopics[0] ?? '', 'letter', { value: new Uint8Array(bytes) });
    await producer.send([letter(1_500_000)]);
    await expect(producer.send([letter(2_100_000)])).rejects.toMatchObject({ code: 'too_large' });
  });

  it('refuses what only this topic finds too large, and delivers its neighbours in order', async () => {
    const on = await stage();
    const topic = await on.topic(1, { 'max.message.bytes': '3000' });
    const seen = await on.watch(topic);
    const producer = await producerOf(on);
    const events = several(topic, 30);
    const large = outgoing(topic, 'large', { value: new Uint8Array(5_000) });
    const [refused, ...others] = await Promise.allSettled(
      [large, ...events].map((event) => producer.send([event])),
    );
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'too_large' } });
    expect(others.every(({ status }) => status === 'fulfilled')).toBe(true);
    await eventually(() => expect([...new Set(ids(seen))]).toEqual(ids(events)));
  });

  it('sends what is nearly too large, and much of it', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const producer = await producerOf(on);
    await producer.send(several(topic, 5, { value: new Uint8Array(990_000) }));
    const [end] = await on.admin.fetchTopicOffsets(topic);
    expect(end?.high).toBe('5');
  });

  it('bears huge headers', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const seen = await on.watch(topic);
    const headers = { large: 'ż'.repeat(200_000) };
    await (await producerOf(on)).send([outgoing(topic, 'a', { headers })]);
    await eventually(() => expect(seen).toMatchObject([{ headers }]));
  });

  it('refuses events of a topic that does not exist, such as a missing DLQ, and delivers the others', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const producer = await producerOf(on);
    await producer.send([outgoing(topic, 'before')]);
    const outcomes = await Promise.allSettled([
      producer.send([outgoing(`${topic}.group.dead`, 'lost')]),
      producer.send([outgoing(topic, 'meanwhile')]),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'misconfigured' } },
      { status: 'fulfilled' },
    ]);
    await producer.send([outgoing(topic, 'after')]);
  });

  it('goes on with other topics after one was deleted', async () => {
    const on = await stage();
    const [deleted, topic] = [await on.topic(1), await on.topic(1)];
    const producer = await producerOf(on);
    await producer.send([outgoing(deleted, 'a'), outgoing(topic, 'b')]);
    await on.admin.deleteTopics({ topics: [deleted] });
    // For a moment the broker still takes what it has been told to delete.
    await vi.waitFor(
      () => expect(producer.send([outgoing(deleted, 'c')])).rejects.toMatchObject({ code: 'misconfigured' }),
      10_000,
    );
    const made = await on.topic(1);
    await expect(producer.send([outgoing(topic, 'd'), outgoing(made, 'e')])).resolves.toBeUndefined();
  });

  it('goes on when the partition count changes', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const producer = await producerOf(on);
    await producer.send(several(topic, 8));
    await on.admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    await producer.send(several(topic, 8));
    await vi.waitFor(async () => expect(await on.admin.fetchTopicOffsets(topic)).toHaveLength(4), 10_000);
    const later = await producerOf(on);
    const seen = await on.watch(topic);
    await later.send(several(topic, 8, { key: '' }));
    await eventually(() => expect(new Set(seen.map(({ partition }) => partition)).size).toBe(4));
  });

  it('takes no more than it may hold', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const producer = await producerOf(on, { waitingBytes: 10_000 });
    const value = new Uint8Array(6_000);
    const first = producer.send([outgoing(topic, 'a', { value })]);
    await expect(producer.send([outgoing(topic, 'b', { value })])).rejects.toMatchObject({
      code: 'unavailable',
    });
    await first;
    await expect(producer.send([outgoing(topic, 'c', { value })])).resolves.toBeUndefined();
  });

  it('sends what waits when it is closed, and takes nothing more', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const producer = await openProducer(on.client);
    const sending = producer.send([outgoing(topic, 'a')]);
    await Promise.all([producer.close(), producer.close()]);
    await expect(sending).resolves.toBeUndefined();
    await expect(producer.send([outgoing(topic, 'b')])).rejects.toMatchObject({ code: 'cancelled' });
  });
});
