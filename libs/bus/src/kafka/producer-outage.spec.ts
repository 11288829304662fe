import { configureLogs, createLogger } from '@spillway/telemetry/logger';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { startKafka } from '../../../../test/servers/kafka.js';
import type { TestServer } from '../../../../test/servers/test-server.js';
import { kafkaClient } from './client.js';
import { openProducer } from './producer.js';
import { breakingSockets } from './testing/breaking-sockets.js';
import { brokerStages, ids, outgoing } from './testing/broker-stage.js';

configureLogs({ level: 'silent' });
const eventually = (assertion: () => void): Promise<void> => vi.waitFor(assertion, 20_000);

describe('answers that are lost', () => {
  const stage = brokerStages(() => inject('kafkaBrokers'));

  const breakingClient = (isLost: () => boolean): Kafka =>
    new Kafka({
      brokers: [inject('kafkaBrokers')],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 10, maxRetryTime: 100, retries: 30 },
      socketFactory: breakingSockets(isLost),
    });

  it('produce timeout then success: what was written stands there twice, under one id', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const seen = await on.watch(topic);
    const lost = vi.fn(() => lost.mock.calls.length === 1);
    const producer = on.closing(await openProducer(breakingClient(lost)));
    await expect(producer.send([outgoing(topic, 'a')])).resolves.toBeUndefined();
    await producer.send([outgoing(topic, 'b')]);
    await eventually(() => expect(ids(seen)).toEqual(['a', 'a', 'b']));
  });

  it('every event arrives, and for each key the first of each in order, however many answers are lost', async () => {
    const on = await stage();
    const topic = await on.topic(3);
    const seen = await on.watch(topic);
    let answers = 0;
    const producer = on.closing(
      await openProducer(
        breakingClient(() => {
          answers += 1;
          return answers % 3 === 0;
        }),
        { batchBytes: 3_000 },
      ),
    );
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const events = Array.from({ length: 300 }, (_, index) =>
      outgoing(topic, `${index}`, { key: keys[index % keys.length] as string }),
    );
    await Promise.all(events.map((event) => producer.send([event])));
    await eventually(() => expect(new Set(ids(seen)).size).toBe(events.length));
    for (const key of keys) {
      const ofKey = (records: readonly { readonly key: string; readonly id: string }[]) => [
        ...new Set(ids(records.filter((record) => record.key === key))),
      ];
      expect(ofKey(seen)).toEqual(ofKey(events));
    }
    expect(seen.length).toBeGreaterThan(events.length);
  });
});

describe('a broker of its own', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startKafka();
  }, 60_000);
  afterAll(() => server.stop());
  const stage = brokerStages(() => server.address);

  it('takes all that was sent while it was gone, in order, and shows it to whoever looks', async () => {
    const on = await stage();
    const topic = await on.topic(2);
    const seen = await on.watch(topic);
    const producer = on.closing(await openProducer(on.client));
    await producer.send([outgoing(topic, 'before')]);
    await server.kill();
    const events = Array.from({ length: 50 }, (_, index) => outgoing(topic, `${index}`));
    const sending = Promise.all(events.map((event) => producer.send([event])));
    await server.start();
    await sending;
    await producer.send([outgoing(topic, 'after')]);
    const expected = ['before', ...ids(events), 'after'];
    await eventually(() => expect([...new Set(ids(seen))]).toEqual(expected));
  }, 60_000);

  it('that is down, such as for a DLQ, makes a send fail after a while, with all that waits, and works again later', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const producer = on.closing(await openProducer(on.client, { patienceMs: 500 }));
    await producer.send([outgoing(topic, 'before')]);
    await server.kill();
    const first = producer.send([outgoing(topic, 'a')]);
    const outcomes = Promise.allSettled([first, producer.send([outgoing(topic, 'b')])]);
    expect(await outcomes).toMatchObject([
      { status: 'rejected', reason: { name: 'Fault', code: 'unavailable' } },
      { status: 'rejected', reason: { name: 'Fault', code: 'unavailable' } },
    ]);
    await server.start();
    await vi.waitFor(() => producer.send([outgoing(topic, 'c')]), { timeout: 20_000, interval: 50 });
  }, 60_000);

  it('that hangs makes a send fail after a while, and works again once it goes on', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const seen = await on.watch(topic);
    const producer = on.closing(await openProducer(on.client, { patienceMs: 300 }));
    await producer.send([outgoing(topic, 'before')]);
    process.kill(server.pid, 'SIGSTOP');
    // It may take a moment until all its threads stand still.
    const failing = vi.waitFor(
      () => expect(producer.send([outgoing(topic, 'late')])).rejects.toMatchObject({ code: 'unavailable' }),
      10_000,
    );
    await failing.finally(() => process.kill(server.pid, 'SIGCONT'));
    await vi.waitFor(() => producer.send([outgoing(topic, 'after')]), { timeout: 20_000, interval: 50 });
    await eventually(() => expect(ids(seen)).toEqual(expect.arrayContaining(['before', 'after'])));
  }, 60_000);

  it('that is down is waited for until the producer is closed, and little longer', async () => {
    const on = await stage();
    const topic = await on.topic(1);
    const producer = await openProducer(on.client, { patienceMs: 600_000, closeMs: 200 });
    await producer.send([outgoing(topic, 'before')]);
    await server.kill();
    try {
      const sending = Promise.allSettled([
        producer.send([outgoing(topic, 'a')]),
        producer.send([outgoing(topic, 'b')]),
      ]);
      await producer.close();
      const failed = { status: 'rejected', reason: { code: 'unavailable' } };
      expect(await sending).toMatchObject([failed, failed]);
    } finally {
      await server.start();
    }
  }, 60_000);

  it('that is not there is an outage', async () => {
    const client = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING, retry: { retries: 0 } });
    await expect(openProducer(client)).rejects.toMatchObject({ name: 'Fault', code: 'unavailable' });
    expect(
      kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'c', logger: createLogger('t') }),
    ).toBeInstanceOf(Kafka);
  });
});
