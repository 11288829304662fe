import { setTimeout as delay } from 'node:timers/promises';
import { prepareTopics } from '@spillway/bus/kafka-topics';
import type { Admin, KafkaJSError } from 'kafkajs';
import { startKafka } from '../../servers/kafka.js';
import type { TestServer } from '../../servers/test-server.js';
import { kafkaClient } from './client.js';

/** Runs `measure` against a broker of its own with every topic of the contracts, and these besides, of one partition. */
export async function withBroker(
  partitions: number,
  topics: readonly string[],
  measure: (broker: string, server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await startKafka();
  try {
    const broker = server.address;
    await prepareTopics({ brokers: [broker], settings: { partitions }, create: true });
    const admin = kafkaClient(broker).admin();
    await admin.connect();
    await admin.createTopics({
      topics: topics.map((topic) => ({ topic, numPartitions: 1 })),
      waitForLeaders: false,
    });
    await admin.disconnect();
    await awaitLeaders(broker);
    await measure(broker, server);
  } finally {
    await server.stop();
  }
}

/** Resolves once every partition has a leader: before that what is published may fail, and stand on the log twice. */
export async function awaitLeaders(broker: string): Promise<void> {
  const admin = kafkaClient(broker).admin();
  await admin.connect();
  for (const topic of await admin.listTopics()) await led(admin, topic);
  await admin.disconnect();
}

async function led(admin: Admin, topic: string): Promise<void> {
  for (;;) {
    try {
      return void (await admin.fetchTopicOffsets(topic));
    } catch (error) {
      if (!(error as KafkaJSError).retriable) throw error;
    }
    await delay(50);
  }
}
