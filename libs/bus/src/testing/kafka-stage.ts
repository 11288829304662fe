import { randomUUID } from 'node:crypto';
import { createLogger } from '@spillway/telemetry/logger';
import type { Admin, Kafka } from 'kafkajs';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Bus, RecordHandler, SubscribeOptions, Subscription } from '../bus.js';
import { kafkaClient } from '../kafka/client.js';
import { type KafkaBusOptions, openKafkaBus } from '../kafka.js';
import { eventually, textOf } from './harness.js';

/** What a case on a real broker needs, in names of its own. Buses are closed after the case. */
export interface KafkaStage {
  readonly client: Kafka;
  readonly admin: Admin;
  /** Makes a topic with so many partitions. */
  topic(partitions: number): Promise<string>;
  bus(options?: Partial<KafkaBusOptions>): Promise<Bus>;
  /** Subscribes and notes the text of every record that was handled. */
  read(bus: Bus, topic: string, options?: Partial<SubscribeOptions>): Promise<Reading>;
  /** What the topic's only group has committed, by partition; -1 where it has nothing. */
  committed(topic: string): Promise<readonly number[]>;
}

interface Reading extends Subscription {
  readonly seen: readonly string[];
}

/** The group that `read` uses. */
const groupOf = (topic: string): string => `group-${topic}`;

const nothing: RecordHandler = async () => [];

/**
 * Makes topics, where they are missing, that every broker knows of. Before that a publication may fail for some of their
 * partitions and be sent again to all: its events would stand on the log twice.
 */
export async function makeTopics(
  client: Kafka,
  topics: readonly string[],
  partitions: number,
): Promise<void> {
  // One of its own: an admin that has met a topic which is deleted later finds no other one either.
  const admin = client.admin();
  await admin.connect();
  const wanted = topics.map((topic) => ({ topic, numPartitions: partitions }));
  await admin.createTopics({ topics: wanted, waitForLeaders: false });
  for (const topic of topics) {
    await eventually(async () => expect((await admin.fetchTopicOffsets(topic)).length).toBe(partitions));
  }
  await admin.disconnect();
}

/** To be called inside a `describe`. */
export function kafkaStage(broker: string): KafkaStage {
  const brokers = [broker];
  const client = kafkaClient({ brokers, clientId: 'spec', logger: createLogger('spec') });
  const admin = client.admin();
  const buses: Bus[] = [];
  beforeAll(() => admin.connect());
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
  });
  afterAll(() => admin.disconnect());
  return {
    client,
    admin,
    async topic(partitions) {
      const topic = `pitfall-${randomUUID()}`;
      await makeTopics(client, [topic], partitions);
      return topic;
    },
    async bus(options = {}) {
      const bus = await openKafkaBus({ brokers, ...options });
      buses.push(bus);
      return bus;
    },
    async read(bus, topic, { handle = nothing, ...options } = {}) {
      const seen: string[] = [];
      const subscription = await bus.subscribe({
        group: groupOf(topic),
        topics: [topic],
        slots: 16,
        order: 'key',
        ...options,
        async handle(record, signal) {
          const outputs = await handle(record, signal);
          seen.push(textOf(record));
          return outputs;
        },
      });
      return {
        seen,
        health: () => subscription.health(),
        drain: (timeoutMs) => subscription.drain(timeoutMs),
      };
    },
    async committed(topic) {
      const [offsets] = await admin.fetchOffsets({ groupId: groupOf(topic), topics: [topic] });
      const sorted = [...(offsets?.partitions ?? [])].sort((a, b) => a.partition - b.partition);
      return sorted.map(({ offset }) => Number(offset));
    },
  };
}
