import { createRequire } from 'node:module';
import fc from 'fast-check';
import type { Batch, KafkaMessage } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { decodeFetch, type FetchedPartition, type FetchResponse } from './fetch-response.js';
import { encodeProduce } from './produce-request.js';
import { readRecord } from './record.js';

interface Encoder {
  readonly buffer: Buffer;
  writeInt8(value: number): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: bigint): Encoder;
  writeString(value: string): Encoder;
  writeBytes(value: Buffer): Encoder;
  writeArray(values: readonly Encoder[]): Encoder;
}

const load = createRequire(import.meta.url);
const kafkajs = load('kafkajs/src/protocol/requests/fetch/v11/response') as {
  decode(answer: Buffer): Promise<FetchResponse>;
};
const Encoder = load('kafkajs/src/protocol/encoder') as new () => Encoder;
const Record = load('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => Encoder;
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<Encoder>;
};
const MessageSet = load('kafkajs/src/protocol/messageSet') as (set: object) => Encoder;
const FetchedBatch = load('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  partition: FetchedPartition,
) => Batch;

const ATTRIBUTES_AT = 21;

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', maxLength: 80 });
// Names such as `constructor` make kafkajs take a function for a first value.
const name = text.filter((name) => !(name in {}));
const header = fc.oneof(text, bytes, fc.array(fc.oneof(text, bytes), { minLength: 1, maxLength: 3 }));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
/** Mostly as they are, and now and then one that a double does not hold. */
const offsets = fc.oneof({ weight: 20, arbitrary: fc.bigInt(0n, 2n ** 52n) }, int64);
const times = fc.oneof({ weight: 20, arbitrary: fc.bigInt(-1n, 2n ** 41n) }, int64);

const record = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(name, header, { maxKeys: 5 }),
  timestampDelta: fc.oneof(
    fc.integer(),
    fc.bigInt(2n ** 52n, 2n ** 53n),
    fc.bigInt(-(2n ** 53n), -(2n ** 52n)),
    fc.bigInt(-(2n ** 62n), 2n ** 62n),
  ),
  offsetDelta: fc.nat(),
});

const batch = fc
  .record({
    compression: fc.constantFrom(0, 0, 0, 1),
    firstOffset: offsets,
    firstTimestamp: times,
    maxTimestamp: times,
    producerId: fc.oneof(fc.constant(-1n), fc.bigInt(0n, 4n), int64),
    transactional: fc.boolean(),
    records: fc.array(record, { maxLength: 6 }),
    /** Control records, and times of the log instead of the producer's. */
    flags: fc.constantFrom(0, 0, 0x20, 0x08),
  })
  .map(({ records, flags, ...head }) => async (): Promise<Buffer> => {
    const { buffer } = await RecordBatch({ ...head, records: records.map(Record) });
    const made = Buffer.from(buffer);
    made.writeInt16BE(made.readInt16BE(ATTRIBUTES_AT) | flags, ATTRIBUTES_AT);
    return made;
  });

/** As our producer sends it. */
const produced = fc
  .array(
    fc.record({ key: fc.option(bytes), value: bytes, headers: fc.dictionary(name, text, { maxKeys: 5 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((messages) => async (): Promise<Buffer> => {
    const topicData = [{ topic: '', partitions: [{ partition: 0, messages }] }];
    return encodeProduce({ acks: 1, timeout: 1, topicData }, 1_790_000_000_123).subarray(26);
  });

/** From before Kafka 0.11. */
const old = fc
  .record({
    messageVersion: fc.constantFrom(0, 1),
    compression: fc.constant(0),
    entries: fc.array(fc.record({ key: fc.option(bytes), value: fc.option(bytes), timestamp: fc.nat() })),
  })
  .map((set) => async (): Promise<Buffer> => MessageSet(set).buffer);

type Encode = () => Promise<Buffer>;

const answerWith = (batches: fc.Arbitrary<readonly Encode[]>, aborted: number) =>
  fc.record({
    throttle: fc.nat(2 ** 31 - 1),
    errorCode: fc.nat(100),
    sessionId: fc.nat(2 ** 31 - 1),
    topics: fc.array(
      fc.record({ topic: text, partitions: fc.array(partitionWith(batches, aborted), { maxLength: 3 }) }),
      { maxLength: 3 },
    ),
  });

const partitionWith = (batches: fc.Arbitrary<readonly Encode[]>, aborted: number) =>
  fc.record({
    partition: fc.nat(2 ** 31 - 1),
    errorCode: fc.integer({ min: -1, max: 100 }),
    highWatermark: int64,
    lastStableOffset: int64,
    logStartOffset: int64,
    aborted: fc.array(fc.tuple(fc.bigInt(0n, 4n), offsets), { maxLength: aborted }),
    replica: fc.integer({ min: -1, max: 5 }),
    batches,
    /** Bytes of them that the answer has no room for. */
    cut: fc.oneof(fc.constantFrom(0, 1), fc.nat(400)),
  });

type Valued<A> = A extends fc.Arbitrary<infer T> ? T : never;

async function encodePartition({
  batches,
  cut,
  aborted,
  ...head
}: Valued<ReturnType<typeof partitionWith>>): Promise<Encoder> {
  const set = Buffer.concat(await Promise.all(batches.map((encode) => encode())));
  // Of fewer bytes than tell the format of a batch kafkajs reads none.
  const left = Math.max(Math.min(17, set.length), set.length - cut);
  return new Encoder()
    .writeInt32(head.partition)
    .writeInt16(head.errorCode)
    .writeInt64(head.highWatermark)
    .writeInt64(head.lastStableOffset)
    .writeInt64(head.logStartOffset)
    .writeArray(aborted.map(([producer, first]) => new Encoder().writeInt64(producer).writeInt64(first)))
    .writeInt32(head.replica)
    .writeBytes(set.subarray(0, left));
}

async function encode({
  throttle,
  errorCode,
  sessionId,
  topics,
}: Valued<ReturnType<typeof answerWith>>): Promise<Buffer> {
  const encoded = topics.map(async ({ topic, partitions }) =>
    new Encoder().writeString(topic).writeArray(await Promise.all(partitions.map(encodePartition))),
  );
  const head = new Encoder().writeInt32(throttle).writeInt16(errorCode).writeInt32(sessionId);
  return head.writeArray(await Promise.all(encoded)).buffer;
}

type Message = KafkaMessage & {
  readonly isControlRecord: boolean;
  readonly magicByte: number;
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean };
};

/** All that anybody reads of a message. */
function read(message: Message) {
  const { key, value, headers, offset, timestamp, attributes, isControlRecord, magicByte } = message;
  const { producerId, inTransaction } = message.batchContext ?? {};
  const own = headers && Object.entries(headers);
  const record = readRecord('t', 3, message);
  return {
    key,
    value,
    own,
    offset,
    timestamp,
    attributes,
    isControlRecord,
    magicByte,
    producerId,
    inTransaction,
    record,
  };
}

/** All that anybody reads of an answer: `fetchedOffset` is what was asked for. */
function readAll({ responses, ...head }: FetchResponse, fetchedOffset: string) {
  const topics = responses.map(({ topicName, partitions }) => ({
    topicName,
    partitions: partitions.map((partition) => {
      const { messages, ...rest } = partition;
      const batch = new FetchedBatch('t', fetchedOffset, partition);
      const counted = batch.messages.map(({ offset }) => offset);
      const place = [batch.firstOffset(), batch.lastOffset(), batch.offsetLag()];
      return { ...rest, messages: messages.map((message) => read(message as Message)), counted, place };
    }),
  }));
  return { ...head, topics };
}

async function readAlike(parts: Valued<ReturnType<typeof answerWith>>, fetched: bigint): Promise<void> {
  const bytes = await encode(parts);
  const expected = readAll(await kafkajs.decode(bytes), `${fetched}`);
  expect(readAll(await decodeFetch(bytes), `${fetched}`)).toEqual(expected);
}

describe('a fetch response is read as kafkajs reads it', () => {
  it('with whole batches, cut ones, packed ones, control records and aborted transactions', async () => {
    const batches = fc.array(fc.oneof(batch, produced), { maxLength: 4 });
    await fc.assert(fc.asyncProperty(answerWith(batches, 3), offsets, readAlike), { numRuns: 500 });
  });

  it('with records from before Kafka 0.11, which kafkajs reads itself', async () => {
    await fc.assert(fc.asyncProperty(answerWith(fc.tuple(old), 0), offsets, readAlike), { numRuns: 100 });
  });
});

it('a fetch response that is cut short is malformed', async () => {
  const batches = fc.array(batch, { minLength: 1, maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(answerWith(batches, 3), fc.nat(), async (parts, nat) => {
      const bytes = await encode(parts);
      const cut = bytes.subarray(0, nat % bytes.length);
      await expect(decodeFetch(cut)).rejects.toMatchObject({ code: 'malformed' });
    }),
  );
});
