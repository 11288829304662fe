import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, BusRecord } from '@spillway/bus/bus';
import { openKafkaBus } from '@spillway/bus/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startKafka } from '../../servers/kafka.js';
import type { TestServer } from '../../servers/test-server.js';

const KEYS = 50;

/** Longer than a broker takes that recovers its log. */
const eventually = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: 60_000, interval: 20 });

describe('coordinator moved, broker killed', { timeout: 120_000 }, () => {
  let server: TestServer;
  let bus: Bus;
  beforeAll(async () => {
    server = await startKafka();
    bus = await openKafkaBus({ brokers: [server.address] });
  }, 60_000);
  afterAll(async () => {
    await bus.close();
    await server.stop();
  });

  it('loses nothing, keeps the order of each key, and goes on by itself', async () => {
    const topic = `flow-${randomUUID()}`;
    const admin = new Kafka({ brokers: [server.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 4 }] });
    const byKey = new Map<string, number[]>();
    const subscription = await bus.subscribe({
      group: topic,
      topics: [topic],
      slots: 20,
      order: 'key',
      async handle({ key, id }: BusRecord) {
        await sleep(5);
        byKey.set(key, [...(byKey.get(key) ?? []), Number(id)]);
        return [];
      },
    });
    let published = 0;
    let ended = false;
    const publishing = (async () => {
      while (!ended) {
        const id = `${published}`;
        await bus.publish([
          { topic, key: `${published % KEYS}`, id, value: new Uint8Array(100), headers: {} },
        ]);
        published += 1;
      }
    })();
    for (const life of [1, 2, 3]) {
      const before = published;
      await eventually(() => expect(published).toBeGreaterThan(before + 100 * life));
      await server.kill();
      await server.start();
    }
    const before = published;
    await eventually(() => expect(published).toBeGreaterThan(before + 100));
    ended = true;
    await publishing;
    const handled = () => new Set([...byKey.values()].flat());
    await eventually(() => expect(handled().size).toBe(published));
    await eventually(() => expect(subscription.health()).toMatchObject({ lag: 0, alive: true }));
    for (const ids of byKey.values()) {
      const firsts = [...new Set(ids)];
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    }
    await eventually(async () => {
      const [offsets] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
      const ends = await admin.fetchTopicOffsets(topic);
      const committed = new Map(offsets?.partitions.map(({ partition, offset }) => [partition, offset]));
      expect(ends.every(({ partition, high }) => high === '0' || committed.get(partition) === high)).toBe(
        true,
      );
    });
    await admin.disconnect();
  });
});
