import { randomUUID } from 'node:crypto';
import type { Outgoing } from '@spillway/contracts/event';
import { createLogger } from '@spillway/telemetry/logger';
import type { Admin, Kafka } from 'kafkajs';
import { afterEach, vi } from 'vitest';
import type { BusRecord } from '../../bus.js';
import { kafkaClient } from '../client.js';
import { openTail } from '../tail.js';

/** A broker without a bus on it. What was opened is closed after the test. */
export interface BrokerStage {
  readonly client: Kafka;
  readonly admin: Admin;
  /** Makes a topic of a name that nobody else has. */
  topic(partitions: number, settings?: Readonly<Record<string, string>>): Promise<string>;
  /** What is published to these topics from now on. */
  watch(...topics: readonly string[]): Promise<readonly BusRecord[]>;
  /** Closes this after the test too, before what was opened earlier. */
  closing<T extends { close(): Promise<void> }>(opened: T): T;
}

/** For each test: a stage on the broker at this address. */
export function brokerStages(address: () => string): () => Promise<BrokerStage> {
  const logger = createLogger('test');
  let closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    const due = closers.toReversed();
    closers = [];
    for (const close of due) await close();
  });
  return async () => {
    const client = kafkaClient({ brokers: [address()], clientId: 'test', logger });
    const admin = client.admin();
    closers.push(() => admin.disconnect());
    await admin.connect();
    return {
      client,
      admin,
      async topic(partitions, settings = {}) {
        const topic = `edge-${randomUUID()}`;
        const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
        const topics = [{ topic, numPartitions: partitions, configEntries }];
        await admin.createTopics({ topics, waitForLeaders: false });
        await vi.waitFor(() => admin.fetchTopicOffsets(topic), 10_000);
        return topic;
      },
      async watch(...topics) {
        const seen: BusRecord[] = [];
        closers.push(await openTail(client, topics, (record) => seen.push(record), logger));
        return seen;
      },
      closing(opened) {
        closers.push(() => opened.close());
        return opened;
      },
    };
  };
}

export const outgoing = (topic: string, id: string, more: Partial<Outgoing> = {}): Outgoing => ({
  topic,
  id,
  key: 'conversation',
  value: new TextEncoder().encode(`value of ${id}`),
  headers: {},
  ...more,
});

export const ids = (records: readonly { readonly id: string }[]): readonly string[] =>
  records.map(({ id }) => id);
