import { configureLogs, createLogger } from '@spillway/telemetry/logger';
import type { Cluster } from 'kafkajs';
import { describe, expect, inject, it, vi } from 'vitest';
import type { BusRecord } from '../bus.js';
import { openProducer } from './producer.js';
import { openTail } from './tail.js';
import { TailReader } from './tail-reader.js';
import { brokerStages, ids, outgoing } from './testing/broker-stage.js';

configureLogs({ level: 'silent' });
const stage = brokerStages(() => inject('kafkaBrokers'));
const logger = createLogger('test');

const eventually = (assertion: () => void): Promise<void> => vi.waitFor(assertion, 10_000);

describe('a tail', () => {
  it('shows all that is published once it is open, over all topics, and nothing from before', async () => {
    const on = await stage();
    const [one, two] = [await on.topic(3), await on.topic(1)];
    const producer = on.closing(await openProducer(on.client));
    await producer.send(['a', 'b', 'c'].map((id) => outgoing(one, id, { key: id })));
    const seen = await on.watch(one, two);
    await producer.send([...['d', 'e', 'f'].map((id) => outgoing(one, id, { key: id })), outgoing(two, 'g')]);
    await eventually(() => expect([...ids(seen)].sort()).toEqual(['d', 'e', 'f', 'g']));
  });

  it('shows each partition in order, once', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const seen = await on.watch(topic);
    const producer = on.closing(await openProducer(on.client, { batchBytes: 2_000 }));
    const events = Array.from({ length: 500 }, (_, index) => outgoing(topic, `${index}`));
    await producer.send(events);
    await eventually(() => expect(ids(seen)).toEqual(ids(events)));
  });

  it('leaves no group on the broker', async () => {
    const on = await stage();
    const before = await on.admin.listGroups();
    const topic = await on.topic(1);
    const seen = await on.watch(topic);
    await on.closing(await openProducer(on.client)).send([outgoing(topic, 'a')]);
    await eventually(() => expect(seen).toHaveLength(1));
    const names = new Set(before.groups.map(({ groupId }) => groupId));
    const { groups } = await on.admin.listGroups();
    expect(groups.filter(({ groupId }) => !names.has(groupId) && /^(none|tail)/.test(groupId))).toEqual([]);
  });

  it('goes on when one that looks throws, and reports it without the text', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const report = vi.spyOn(logger, 'error').mockReturnValue();
    const seen: BusRecord[] = [];
    const end = await openTail(
      on.client,
      [topic],
      (record) => {
        seen.push(record);
        if (record.id === 'a') throw new Error('customer text');
      },
      logger,
    );
    const producer = on.closing(await openProducer(on.client));
    await producer.send([outgoing(topic, 'a'), outgoing(topic, 'b')]);
    await eventually(() => expect(ids(seen)).toEqual(['a', 'b']));
    await end();
    expect(report).toHaveBeenCalledExactlyOnceWith({ topic, code: 'unknown' }, expect.any(String));
    report.mockRestore();
  });

  it('shows nothing once it is ended', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const seen: BusRecord[] = [];
    const end = await openTail(on.client, [topic], (record) => seen.push(record), logger);
    await end();
    const others = await on.watch(topic);
    await on.closing(await openProducer(on.client)).send([outgoing(topic, 'a')]);
    await eventually(() => expect(others).toHaveLength(1));
    expect(seen).toEqual([]);
  });

  it('goes on when its topic is made anew, with offsets from the beginning', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const seen = await on.watch(topic);
    const before = await openProducer(on.client);
    await before.send([outgoing(topic, 'a'), outgoing(topic, 'b')]);
    await eventually(() => expect(seen).toHaveLength(2));
    await before.close();
    await on.admin.deleteTopics({ topics: [topic] });
    await vi.waitFor(
      () => on.admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false }),
      10_000,
    );
    const after = on.closing(await openProducer(on.client));
    await vi.waitFor(
      async () => {
        await after.send([outgoing(topic, 'c')]);
        expect(ids(seen)).toContain('c');
      },
      { timeout: 15_000, interval: 100 },
    );
  });

  it('goes on with the first record there is when retention has overtaken it', async () => {
    const fetched: string[] = [];
    const { promise: overtaken, resolve } = Promise.withResolvers<void>();
    const cluster = {
      connect: async () => undefined,
      disconnect: async () => undefined,
      addMultipleTargetTopics: async () => undefined,
      refreshMetadata: async () => undefined,
      findTopicPartitionMetadata: () => [{ partitionId: 0 }],
      findLeaderForPartitions: () => ({ 1: [0] }),
      fetchTopicsOffset: async ([{ fromBeginning }]: [{ fromBeginning: boolean }]) => {
        const offset = fetched.length === 0 ? '3' : fromBeginning ? '5' : '9';
        return [{ topic: 't', partitions: [{ partition: 0, offset }] }];
      },
      findBroker: async () => ({
        fetch: async ({ topics }: { topics: [{ partitions: [{ fetchOffset: string }] }] }) => {
          fetched.push(topics[0].partitions[0].fetchOffset);
          if (fetched.length === 1) {
            throw Object.assign(new Error(), { name: 'KafkaJSOffsetOutOfRange', topic: 't', partition: 0 });
          }
          resolve();
          return { responses: [] };
        },
      }),
    };
    const reader = new TailReader({
      cluster: cluster as unknown as Cluster,
      topics: ['t'],
      from: 'end',
      show: () => undefined,
      logger,
    });
    await reader.start();
    await overtaken;
    await reader.stop();
    expect(fetched.slice(0, 2)).toEqual(['3', '5']);
  });

  it('refuses a topic that does not exist', async () => {
    const on = await stage();
    await expect(openTail(on.client, ['edge-none'], () => undefined, logger)).rejects.toMatchObject({
      code: 'misconfigured',
    });
  });
});
