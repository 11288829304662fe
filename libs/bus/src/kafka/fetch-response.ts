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
    for (let left = reader.int32(); left > 0; left -= 1) partitions.push(await readPartition(reader));
    responses.push({ topicName, partitions });
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

async function readPartition(reader: WireReader): Promise<FetchedPartition> {
  return {
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64Text(),
    lastStableOffset: reader.int64Text(),
    lastStartOffset: reader.int64Text(),
    abortedTransactions: readAborted(reader),
    preferredReadReplica: reader.int32(),
    messages: await readMessages(reader),
  };
}

function readAborted(reader: WireReader): FetchedPartition['abortedTransactions'] {
  const aborted: FetchedPartition['abortedTransactions'][number][] = [];
  for (let left = reader.int32(); left > 0; left -= 1) {
    aborted.push({ producerId: reader.int64Text(), firstOffset: reader.int64Text() });
  }
  return aborted;
}

async function readMessages(reader: WireReader): Promise<FetchedPartition['messages']> {
  const from = reader.at;
  const size = reader.int32();
  if (size <= 0) return [];
  const bytes = reader.buffer.subarray(reader.skip(size), reader.at);
  return (await decodeRecords(bytes)) ?? decodeMessages(new Decoder(reader.buffer.subarray(from, reader.at)));
}

function readText(reader: WireReader): string | null {
  const length = reader.int16();
  return length < 0 ? null : reader.buffer.toString('utf8', reader.skip(length), reader.at);
}
