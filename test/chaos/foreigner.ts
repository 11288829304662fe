import { setTimeout as delay } from 'node:timers/promises';
import { kafkaClient } from './kafka-client.js';
import type { Random } from './random.js';

/** Topics that a stranger writes to, with the groups that read them. */
export const strangersTopics: Readonly<Record<string, readonly string[]>> = {
  'message.received': ['classifier', 'extractor', 'sentiment', 'router', 'ledger'],
  'step.completed': ['router', 'ledger'],
};

/** An event that nobody can read. */
export interface ForeignEvent {
  readonly id: string;
  readonly topic: string;
}

export interface Foreigner {
  /** Those that the broker has acknowledged. */
  readonly published: readonly ForeignEvent[];
  stop(): Promise<void>;
}

/** Publishes what no schema fits, under the keys of conversations that are going on: about one in a hundred records. */
export async function startForeigner(
  broker: string,
  options: { readonly random: Random; readonly accepted: readonly { readonly conversation: string }[] },
): Promise<Foreigner> {
  const { random, accepted } = options;
  const published: ForeignEvent[] = [];
  const kafka = kafkaClient(broker, 'foreigner');
  const producer = kafka.producer();
  await producer.connect();
  const stopped = new AbortController();

  async function publish(): Promise<void> {
    for (let done = 0; !stopped.signal.aborted; ) {
      await delay(50);
      if (accepted.length === 0 || done >= accepted.length / 100) continue;
      const topic = random.pick(Object.keys(strangersTopics));
      const id = `foreign-${done}`;
      const key = random.pick(accepted).conversation;
      try {
        const value = Buffer.alloc(random.whole(1, 200), 0xff);
        await producer.send({ topic, acks: -1, messages: [{ key, value, headers: { id } }] });
        published.push({ id, topic });
      } catch {
        // The broker is down: nobody promised this one.
      }
      done += 1;
    }
  }

  const publishing = publish();
  return {
    published,
    async stop() {
      stopped.abort();
      await publishing;
      await producer.disconnect();
    },
  };
}
