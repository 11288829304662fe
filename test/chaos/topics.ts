import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { DescMessage } from '@bufbuild/protobuf';
import { decode, topicOf } from '@spillway/contracts/event';
import {
  DeadLetteredSchema,
  MessageReceivedSchema,
  MessageSettledSchema,
  ReviewRequestedSchema,
} from '@spillway/contracts/events';
import { deadTopics } from '@spillway/contracts/topology';
import type { KafkaMessage } from 'kafkajs';
import { kafkaClient } from './kafka-client.js';

/** A record that says something about the fate of a message. */
export interface Trace {
  readonly kind: 'received' | 'settled' | 'held' | 'dead';
  readonly partition: number;
  readonly offset: number;
  readonly eventId: string;
  readonly conversation: string;
  /** Empty where the event could not be read. */
  readonly messageId: string;
  /** Of the whole event. */
  readonly digest: string;
  /** Who parked it, and of which event; of dead letters alone. */
  readonly group?: string;
  readonly originId?: string;
}

export interface TopicReader {
  readonly traces: readonly Trace[];
  /** Whether everything that lies on the topics now has been read. */
  caughtUp(): Promise<boolean>;
  stop(): Promise<void>;
}

const kinds: readonly (readonly [Trace['kind'], DescMessage, readonly string[]])[] = [
  ['received', MessageReceivedSchema, [topicOf(MessageReceivedSchema)]],
  ['settled', MessageSettledSchema, [topicOf(MessageSettledSchema)]],
  ['held', ReviewRequestedSchema, [topicOf(ReviewRequestedSchema)]],
  ['dead', DeadLetteredSchema, deadTopics],
];

/** Reads, from their beginning on, the topics that tell how messages ended; with a client of its own. */
export async function readTopics(broker: string): Promise<TopicReader> {
  const kafka = kafkaClient(broker, 'reader');
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: `reader-${Date.now()}`, maxWaitTimeInMs: 100 });
  await Promise.all([admin.connect(), consumer.connect()]);
  const topics = kinds.flatMap(([, , names]) => names);
  const traces: Trace[] = [];
  const positions = new Map<string, number>();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    async eachBatch({ batch: { topic, partition, messages } }) {
      for (const message of messages) {
        traces.push(...traceOf(topic, partition, message));
        positions.set(`${topic}/${partition}`, Number(message.offset) + 1);
      }
    },
  });
  return {
    traces,
    async caughtUp() {
      for (const topic of topics) {
        for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
          if ((positions.get(`${topic}/${partition}`) ?? 0) < Number(high)) return false;
        }
      }
      return true;
    },
    async stop() {
      await Promise.all([consumer.disconnect(), admin.disconnect()]);
    },
  };
}

function traceOf(topic: string, partition: number, { offset, headers, value }: KafkaMessage): Trace[] {
  const [kind, schema] = kinds.find(([, , names]) => names.includes(topic)) ?? [];
  if (kind === undefined || schema === undefined || value === null) return [];
  const eventId = String(headers?.['id'] ?? '');
  // Strangers write what is no event; what became of it is told by its dead letters.
  if (eventId.startsWith('foreign-')) return [];
  const event = decode(schema, value) as unknown as Readonly<Record<string, string | undefined>>;
  const { conversationId: conversation = '', messageId = '', group, eventId: originId } = event;
  return [
    {
      ...{ kind, partition, offset: Number(offset), eventId, conversation, messageId },
      digest: createHash('sha256').update(value).digest('base64url'),
      ...(group === undefined ? {} : { group }),
      ...(originId === undefined ? {} : { originId }),
    },
  ];
}

/** Waits, at most so long, until everything on the topics is read and nothing is missing any more. */
export async function readUntil(
  reader: TopicReader,
  missing: (traces: readonly Trace[]) => number,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (missing(reader.traces) === 0 && (await reader.caughtUp())) return true;
    await delay(500);
  }
  return false;
}
