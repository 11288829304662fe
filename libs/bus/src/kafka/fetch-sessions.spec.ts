import { setTimeout as delay } from 'node:timers/promises';
import { configureLogs } from '@spillway/telemetry/logger';
import { describe, expect, inject, it } from 'vitest';
import { event, eventually, numbers } from '../testing/harness.js';
import { kafkaStage } from '../testing/kafka-stage.js';
import { keepFetchSessions, patch } from './fetch-sessions.js';

configureLogs({ level: 'silent' });

interface Asking {
  readonly topics: readonly object[];
}

interface Looking {
  lookupRequest(apiKey: number, definition: unknown): (parameters: object) => object;
}

/** Fetches as kafkajs does, and notes the parameters of each request. */
function brokerThat(answers: readonly (object | Error)[]) {
  const left = [...answers];
  const requests: object[] = [];
  const apiKeys = { Fetch: 1 };
  const definitions = { Fetch: {} };
  const prototype = {
    lookupRequest: () => (parameters: object) => parameters,
    async fetch(this: Looking, { topics: consolidatedTopicPartitions }: Asking): Promise<object> {
      const requests = definitions;
      const fetch = this.lookupRequest(apiKeys.Fetch, requests.Fetch);
      return note(fetch({ topics: consolidatedTopicPartitions }));
    },
  };
  async function note(parameters: object): Promise<object> {
    requests.push(parameters);
    await delay(0);
    const answer = left.shift() ?? { sessionId: 7 };
    if (answer instanceof Error) throw answer;
    return answer;
  }
  expect(patch(prototype as never)).toBe(true);
  return { requests, fetch: (topics: readonly object[]) => prototype.fetch({ topics }) };
}

const asked = (fetchOffset: string) => [
  { topic: 'a', partitions: [{ partition: 0, fetchOffset, maxBytes: 1 }] },
];

describe('fetch sessions of kafkajs', () => {
  it('are for this kafkajs', () => expect(keepFetchSessions()).toBe(true));

  it('tell the broker only what has changed', async () => {
    const { fetch, requests } = brokerThat([]);
    await fetch(asked('0'));
    await fetch(asked('0'));
    expect(requests).toMatchObject([
      { sessionId: 0, sessionEpoch: 0, topics: asked('0') },
      { sessionId: 7, sessionEpoch: 1, topics: [] },
    ]);
  });

  it('are begun anew, in the same fetch, when the broker does not know them any more', async () => {
    const { fetch, requests } = brokerThat([
      { sessionId: 7 },
      { errorCode: 70, sessionId: 0 },
      { sessionId: 8 },
    ]);
    await fetch(asked('0'));
    expect(await fetch(asked('1'))).toEqual({ sessionId: 8 });
    expect(requests.slice(1)).toMatchObject([
      { sessionId: 7, sessionEpoch: 1 },
      { sessionId: 7, sessionEpoch: 0, topics: asked('1') },
    ]);
  });

  it('are begun anew after a fetch that failed', async () => {
    const { fetch, requests } = brokerThat([{ sessionId: 7 }, new Error('the connection is gone')]);
    await fetch(asked('0'));
    await expect(fetch(asked('1'))).rejects.toThrow('the connection is gone');
    await fetch(asked('1'));
    expect(requests[2]).toMatchObject({ sessionId: 7, sessionEpoch: 0, topics: asked('1') });
  });

  it('leave out whoever reads while a request is under way', async () => {
    const { fetch, requests } = brokerThat([]);
    await Promise.all([fetch(asked('0')), fetch(asked('9'))]);
    expect(requests[1]).not.toHaveProperty('sessionId');
    await fetch(asked('0'));
    expect(requests[2]).toMatchObject({ sessionId: 7, sessionEpoch: 1, topics: [] });
  });

  it.each([
    ['has no such method', {}],
    ['fetches in another way', { fetch: () => undefined }],
  ])('are not kept when it %s', (_, other: object) => {
    const before = { ...other };
    expect(patch(other)).toBe(false);
    expect(other).toEqual(before);
  });
});

describe('fetch sessions with a real broker', { timeout: 60_000 }, () => {
  const stage = kafkaStage(inject('kafkaBrokers'));

  it('bring back what is new, and not a word of the other partitions', async () => {
    const partitions = 100;
    const topic = await stage.topic(partitions);
    const consumer = stage.client.consumer({ groupId: `group-${topic}`, maxWaitTimeInMs: 100 });
    const answers: number[] = [];
    consumer.on(consumer.events.REQUEST, ({ payload: { apiName, size } }) => {
      if (apiName === 'Fetch') answers.push(size);
    });
    const seen: string[] = [];
    const bus = await stage.bus();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.push(`${message.value}`) });
    for (const n of numbers(20)) {
      await bus.publish([event(topic, n, n)]);
      await eventually(() => expect(seen.at(-1)).toBe(n));
    }
    await consumer.disconnect();
    expect(seen).toEqual(numbers(20));
    // The first answer is about all of them.
    const [first = 0, ...later] = answers;
    expect(first).toBeGreaterThan(partitions * 30);
    expect(later.length).toBeGreaterThan(10);
    expect(Math.max(...later)).toBeLessThan(partitions * 5);
  });
});
