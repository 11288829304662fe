import { createRequire } from 'node:module';
import type { KafkaMessage } from 'kafkajs';
import type { FetchedRecord } from './fetched-record.js';
import { decodeRecords } from './record-batch.js';
import { WireReader } from './wire-reader.js';

/** What a fetch has brought, as kafkajs says it. 64-bit numbers are decimal text. */
export interface FetchResponse {
  /** The broker has not held the answer back for it: whoever asks is to wait for the other one. */
  readonly throttleTime: 0;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly {
    readonly topicName: string | null;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset: string;
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[];
  readonly preferredReadReplica: number;
  readonly messages: readonly (FetchedRecord | KafkaMessage)[];
}

const load = createRequire(import.meta.url);
const Decoder = load('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const decodeMessages = load('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as (
  decoder: object,
) => Promise<readonly KafkaMessage[]>;

/**
 * The answer to a Fetch request of version 11, of brokers since Kafka 2.3. Says what kafkajs says of it, which takes
 * some dozen objects for each record. Throws `malformed`.
 */
export async function decodeFetch(answer: Buffer): Promise<FetchResponse> {
  const reader = new WireReader(answer, 0, answer.length);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  const sessionId = reader.int32();
  const responses: FetchResponse['responses'][number][] = [];
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    const topicName = readText(reader);
    const partitions: FetchedPartition[] = [];
    for (let left = reader.int32(); left > 0; left -= 1) {
      const partition = readPartition(reader);
      if (partition.messages instanceof Promise) partition.messages = await partition.messages;
      partitions.push(partition as FetchedPartition);
    }
    responses.push({ topicName, partitions });
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

type Messages = FetchedPartition['messages'];

/** Its messages may still have to be unpacked. */
type Unpacking = Omit<FetchedPartition, 'messages'> & { messages: Messages | Promise<Messages> };

function readPartition(reader: WireReader): Unpacking {
  return {
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64Text(),
    lastStableOffset: reader.int64Text(),
    lastStartOffset: reader.int64Text(),
    abortedTransactions: readAborted(reader),
    preferredReadReplica: reader.int32(),
    messages: readMessages(reader),
  };
}

function readAborted(reader: WireReader): FetchedPartition['abortedTransactions'] {
  const aborted: FetchedPartition['abortedTransactions'][number][] = [];
  for (let left = reader.int32(); left > 0; left -= 1) {
    aborted.push({ producerId: reader.int64Text(), firstOffset: reader.int64Text() });
  }
  return aborted;
}

function readMessages(reader: WireReader): Unpacking['messages'] {
  const from = reader.at;
  const size = reader.int32();
  if (size <= 0) return [];
  const at = reader.skip(size);
  const records = decodeRecords(reader.buffer.subarray(at, at + size));
  return records === undefined || records instanceof Promise
    ? orByKafkajs(records, reader.buffer.subarray(from, at + size))
    : records;
}

async function orByKafkajs(records: ReturnType<typeof decodeRecords>, withSize: Buffer): Promise<Messages> {
  return (await records) ?? decodeMessages(new Decoder(withSize));
}

function readText(reader: WireReader): string | null {
  const length = reader.int16();
  return length < 0 ? null : reader.buffer.toString('utf8', reader.skip(length), reader.at);
}
