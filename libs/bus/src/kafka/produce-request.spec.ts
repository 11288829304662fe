import { createRequire } from 'node:module';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeProduce, type SentRecord } from './produce-request.js';
import { encodeProduceRequests, patch } from './produce-requests.js';

interface Encoder {
  readonly buffer: Buffer;
}

const kafkajs = createRequire(import.meta.url)('kafkajs/src/protocol/requests/produce/v7/request') as (
  request: object,
) => { encode(): Promise<Encoder> };

const NOW = 1_790_000_000_123;

const text = fc.string({ unit: 'binary', maxLength: 200 });
const bytes = fc.uint8Array({ maxLength: 20_000 }).map((array) => Buffer.from(array));
const records = fc.array(
  fc.record({ key: fc.option(bytes), value: bytes, headers: fc.dictionary(text, text, { maxKeys: 5 }) }),
  { minLength: 1, maxLength: 12 },
);
const topicData = fc.array(
  fc.record({
    topic: fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
    partitions: fc.array(fc.record({ partition: fc.nat(2 ** 31 - 1), messages: records }), { maxLength: 4 }),
  }),
  { maxLength: 4 },
);

describe('a produce request', () => {
  afterEach(() => void vi.useRealTimers());

  it('is, byte for byte, the one that kafkajs makes', async () => {
    vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
    await fc.assert(
      fc.asyncProperty(topicData, fc.constantFrom(-1, 1), fc.nat(60_000), async (data, acks, timeout) => {
        const ours = encodeProduce({ acks, timeout, topicData: data }, NOW);
        const { buffer } = await kafkajs({ acks, timeout, topicData: data }).encode();
        expect(ours.equals(buffer)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is that also with more records than a byte counts', async () => {
    vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
    const messages = Array.from({ length: 9_000 }, (_, n) => record(`${n}`));
    const data = [{ topic: 't', partitions: [{ partition: 0, messages }] }];
    const ours = encodeProduce({ acks: -1, timeout: 1, topicData: data }, NOW);
    const { buffer } = await kafkajs({ acks: -1, timeout: 1, topicData: data }).encode();
    expect(ours.equals(buffer)).toBe(true);
  });
});

const record = (value: string): SentRecord => ({ key: null, value: Buffer.from(value), headers: {} });

interface Sending {
  lookupRequest(apiKey: number, definition: unknown): (request: object) => object;
}

/** Produces as kafkajs does, in that version of the protocol, and returns who has written the request. */
async function writerOf(message: object, more: object = {}, apiVersion = 7): Promise<string> {
  const theirs = { buffer: Buffer.from('kafkajs') };
  const apiKeys = { Produce: 0 };
  const requests = { Produce: {} };
  const broker = {
    lookupRequest: () => () => ({ request: { apiVersion, encode: async () => theirs } }),
    async produce(
      this: Sending,
      { topicData, compression, ...others }: { readonly topicData: object; readonly compression?: number },
    ): Promise<object> {
      const produce = this.lookupRequest(apiKeys.Produce, requests.Produce);
      return produce({
        topicData,
        compression,
        ...others,
      });
    },
  };
  expect(patch(broker as never)).toBe(true);
  const topicData = [{ topic: 't', partitions: [{ partition: 0, messages: [message] }] }];
  const { request } = (await broker.produce({ acks: -1, timeout: 1, topicData, ...more } as never)) as {
    readonly request: { encode(): Promise<Encoder> };
  };
  return (await request.encode()) === theirs ? 'kafkajs' : 'ours';
}

describe('produce requests of kafkajs', () => {
  it('are for this kafkajs', () => expect(encodeProduceRequests()).toBe(true));

  it.each<[string, string, object, object?, number?]>([
    ['an event', 'ours', record('x')],
    [
      'an event with a key and headers',
      'ours',
      { ...record('x'), key: Buffer.from('k'), headers: { a: 'b' } },
    ],
    ['an event to a broker of today', 'ours', record('x'), {}, 8],
    ['a text', 'kafkajs', { key: null, value: 'x', headers: {} }],
    ['a text as key', 'kafkajs', { ...record('x'), key: 'k' }],
    ['what has no headers', 'kafkajs', { key: null, value: Buffer.from('x') }],
    ['what has no value', 'kafkajs', { key: null, value: null, headers: {} }],
    ['a list in a header', 'kafkajs', { ...record('x'), headers: { a: ['b', 'c'] } }],
    ['a time of its own', 'kafkajs', { ...record('x'), timestamp: '1' }],
    ['what is to be compressed', 'kafkajs', record('x'), { compression: 1 }],
    ['a part of a transaction', 'kafkajs', record('x'), { transactionalId: 'one' }],
    ['a numbered batch', 'kafkajs', record('x'), { producerId: 5 }],
    ['an event to a broker of old', 'kafkajs', record('x'), {}, 2],
  ])('with %s are written by: %s', async (_, writer, message, more, version) => {
    expect(await writerOf(message, more, version)).toBe(writer);
  });

  it.each([
    ['has no such method', {}],
    ['produces in another way', { produce: () => undefined }],
  ])('are left to kafkajs when it %s', (_, other: object) => {
    const before = { ...other };
    expect(patch(other)).toBe(false);
    expect(other).toEqual(before);
  });
});
