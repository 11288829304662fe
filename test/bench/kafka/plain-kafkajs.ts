import { randomUUID } from 'node:crypto';
import type { EachBatchPayload, KafkaMessage, Producer } from 'kafkajs';
import { kafkaClient } from './client.js';
import { type Contender, FORWARD_TOPIC, type Item, type Setting, type Work } from './contender.js';

/** As many messages as there are slots at once, and the next only when the last of them is done. */
export const batchBarrier: Contender = {
  name: 'kafkajs, eachBatch with Promise.all',
  start: (setting) => run(setting, 1, (batch) => inRounds(batch, setting)),
};

async function inRounds(
  { batch, resolveOffset, heartbeat, isRunning }: EachBatchPayload,
  { slots, work }: Setting,
): Promise<void> {
  for (let from = 0; from < batch.messages.length && isRunning(); from += slots) {
    const round = batch.messages.slice(from, from + slots);
    // Beats on while the slowest is waited for, or the group would lose this member.
    const beat = setInterval(() => heartbeat().catch(() => undefined), 1_000);
    try {
      await Promise.all(round.map((message) => work(itemOf(message))));
    } finally {
      clearInterval(beat);
    }
    resolveOffset(round.at(-1)?.offset ?? batch.firstOffset() ?? '0');
    await heartbeat();
  }
}

/** The least that must be done: whole batches go to the other topic as they are, all partitions side by side. */
export const floor: Contender = {
  name: 'the floor: kafkajs, whole batches passed on',
  async start(setting) {
    const producer = kafkaClient(setting.broker).producer();
    await producer.connect();
    const running = await run(setting, 12, (batch) => passOn(batch, producer, setting.work));
    return {
      ...running,
      stop: async () => {
        await running.stop();
        await producer.disconnect();
      },
    };
  },
};

async function passOn(
  { batch, resolveOffset }: EachBatchPayload,
  producer: Producer,
  work: Work,
): Promise<void> {
  await Promise.all(batch.messages.map((message) => work(itemOf(message))));
  await producer.sendBatch({
    acks: -1,
    topicMessages: [
      {
        topic: FORWARD_TOPIC,
        messages: batch.messages.map(({ key, value, headers }) => ({
          key,
          value,
          ...(headers === undefined ? {} : { headers }),
        })),
      },
    ],
  });
  resolveOffset(batch.lastOffset());
}

async function run(
  { broker, topic }: Setting,
  partitionsConsumedConcurrently: number,
  eachBatch: (batch: EachBatchPayload) => Promise<void>,
) {
  const consumer = kafkaClient(broker).consumer({ groupId: `plain-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let handling = 0;
  await consumer.run({
    partitionsConsumedConcurrently,
    // A batch that is left early is not done.
    eachBatchAutoResolve: false,
    async eachBatch(payload) {
      handling += 1;
      try {
        await eachBatch(payload);
      } finally {
        handling -= 1;
      }
    },
  });
  return { idle: () => handling === 0, stop: () => consumer.disconnect() };
}

const itemOf = ({ key, headers, timestamp }: KafkaMessage): Item => ({
  id: String(headers?.['id']),
  key: String(key),
  publishedMs: Number(timestamp),
});
