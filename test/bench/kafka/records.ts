import { openKafkaBus } from '@spillway/bus/kafka';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { MessageReceivedSchema } from '@spillway/contracts/events';

const TRACEPARENT = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-00';
const TEXT = 'Where is my parcel? It should have been here on Tuesday. '.repeat(6);
const BATCH = 1_000;

/** A message such as the gateway takes in, of one of so many conversations. */
export function message(n: number, conversations: number): Outgoing {
  const ids = { conversationId: `conversation-${n % conversations}`, messageId: `message-${n}` };
  return {
    ...emit(MessageReceivedSchema, { ...ids, text: TEXT }),
    headers: { traceparent: TRACEPARENT },
  };
}

/** `count` messages on a topic, before anybody reads it. */
export async function fill(
  broker: string,
  count: number,
  conversations: number,
  topic?: string,
): Promise<void> {
  const bus = await openKafkaBus({ brokers: [broker] });
  try {
    for (let from = 0; from < count; from += BATCH) {
      const events = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) =>
        message(from + n, conversations),
      );
      await bus.publish(topic === undefined ? events : events.map((event) => ({ ...event, topic })));
    }
  } finally {
    await bus.close();
  }
}
