import { configureLogs } from '@spillway/telemetry/logger';
import { describe, expect, inject, it } from 'vitest';
import type { BusRecord } from '../bus.js';
import { event, eventually, numbers, textOf } from '../testing/harness.js';
import { kafkaStage, makeTopics } from '../testing/kafka-stage.js';

configureLogs({ level: 'silent' });

describe('what a log may hold, on a real broker', { timeout: 60_000 }, () => {
  const stage = kafkaStage(inject('kafkaBrokers'));

  it('offset out of range: goes on where the log begins', async () => {
    const topic = await stage.topic(1);
    const bus = await stage.bus();
    const first = await stage.read(bus, topic);
    await bus.publish(numbers(5).map((n) => event(topic, n, n)));
    await eventually(() => expect([first.seen.length, first.health().lag]).toEqual([5, 0]));
    await first.drain(1_000);
    await bus.publish(numbers(15).map((n) => event(topic, n, `later ${n}`)));
    // Without this the client does not know whom to ask.
    await stage.admin.fetchTopicOffsets(topic);
    await stage.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '12' }] });
    const second = await stage.read(bus, topic);
    await eventually(() => expect(second.seen.length).toBe(8));
    await eventually(async () => expect(await stage.committed(topic)).toEqual([20]));
  });

  it('a topic made anew: reads it from its beginning', async () => {
    const topic = await stage.topic(1);
    const bus = await stage.bus({ timings: { metadataMaxAgeMs: 200 } });
    const first = await stage.read(bus, topic);
    await bus.publish(numbers(5).map((n) => event(topic, n, n)));
    await eventually(() => expect(first.seen.length).toBe(5));
    await first.drain(1_000);
    await stage.admin.deleteTopics({ topics: [topic] });
    await eventually(async () => {
      const made = await stage.admin.createTopics({ topics: [{ topic }], waitForLeaders: false });
      expect(made).toBe(true);
    });
    await makeTopics(stage.client, [topic], 1);
    const again = await stage.bus();
    await again.publish([event(topic, 'k', 'new')]);
    const second = await stage.read(again, topic);
    await eventually(() => expect(second.seen).toEqual(['new']));
  });

  it('partition added at runtime: is read from its beginning', async () => {
    const topic = await stage.topic(1);
    const bus = await stage.bus({ timings: { metadataMaxAgeMs: 300 } });
    const places: number[] = [];
    const reading = await stage.read(bus, topic, {
      async handle({ partition }) {
        places.push(partition);
        return [];
      },
    });
    await bus.publish([event(topic, 'k', 'before')]);
    await stage.admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    // A producer that does not know of a partition yet drops what is meant for it.
    await eventually(async () => expect((await stage.admin.fetchTopicOffsets(topic)).length).toBe(3));
    const producer = stage.client.producer();
    await producer.connect();
    for (const partition of [1, 2]) {
      await producer.send({ topic, messages: [{ partition, key: 'k', value: `in ${partition}` }] });
    }
    await producer.disconnect();
    await eventually(() => expect([...reading.seen].sort()).toEqual(['before', 'in 1', 'in 2']));
    expect([...places].sort()).toEqual([0, 1, 2]);
  });

  it('tombstone, null key, non-UTF-8 key, missing or huge headers: takes whatever others wrote', async () => {
    const topic = await stage.topic(1);
    const bus = await stage.bus();
    const got: BusRecord[] = [];
    const reading = await stage.read(bus, topic, {
      async handle(record) {
        got.push(record);
        return [];
      },
    });
    const producer = stage.client.producer();
    await producer.connect();
    const huge = 'h'.repeat(200_000);
    await producer.send({
      topic,
      messages: [
        { key: 'tombstone', value: null },
        { key: null, value: 'no key' },
        { key: Buffer.from([0xff, 0xfe]), value: 'a key that is no text' },
        { key: 'k', value: 'headers', headers: { huge, twice: ['first', 'second'] } },
      ],
    });
    await producer.disconnect();
    await eventually(() => expect([got.length, reading.health().lag]).toEqual([4, 0]));
    const byText = new Map(got.map((record) => [textOf(record), record]));
    expect(byText.get('')).toMatchObject({ key: 'tombstone', id: `${topic}/0/0`, headers: {} });
    expect(byText.get('no key')?.key).toBe('');
    expect(byText.get('headers')?.headers['huge']).toBe(huge);
    expect(await eventually(() => stage.committed(topic))).toBeDefined();
  });

  it('compacted/control-record offset gaps: passes over what a transaction leaves', async () => {
    const topic = await stage.topic(1);
    const bus = await stage.bus();
    const reading = await stage.read(bus, topic);
    const producer = stage.client.producer({
      transactionalId: topic,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    for (const end of ['commit', 'abort', 'commit', 'abort'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: numbers(3).map((n) => ({ key: n, value: `${end} ${n}` })) });
      await transaction[end]();
    }
    await producer.disconnect();
    await eventually(() => expect([reading.seen.length, reading.health().lag]).toEqual([6, 0]));
    expect(new Set(reading.seen)).toEqual(new Set(numbers(3).map((n) => `commit ${n}`)));
    // Three records and a marker each. The broker writes the last marker when the producer is long told that all is done.
    await eventually(async () => expect(await stage.committed(topic)).toEqual([4 * (3 + 1)]));
  });

  it('a topic is missing: says so instead of waiting', async () => {
    const bus = await stage.bus();
    await expect(stage.read(bus, 'no-such-topic')).rejects.toMatchObject({
      name: 'Fault',
      code: 'misconfigured',
    });
  });
});
