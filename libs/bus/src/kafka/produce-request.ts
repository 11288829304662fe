import { createRequire } from 'node:module';

/** A record as `writeRecord` makes it, without a timestamp of its own. */
export interface SentRecord {
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ProduceRequest {
  readonly acks: number;
  /** What the broker may wait for its replicas, milliseconds. */
  readonly timeout: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly SentRecord[] }[];
  }[];
}

const crc32c = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (
  bytes: Buffer,
) => number;

/** Attributes, last offset, two times, producer, its epoch, sequence, and the number of records. */
const BATCH_HEAD = 2 + 4 + 8 + 8 + 8 + 2 + 4 + 4;
/** Of the leader's epoch, the format and the checksum, which lie between the batch's length and its head. */
const BATCH_FRAME = 4 + 1 + 4;
/** The format of record batches since Kafka 0.11. */
const MAGIC = 2;
/** Attributes and time of a record, each a byte: it has neither attributes nor a time that differs from its batch's. */
const RECORD_HEAD = 2;

/**
 * The body of a Produce request, versions 3 to 8, with one uncompressed batch for each partition, outside of any
 * transaction (https://kafka.apache.org/documentation/#recordbatch). Its records are of the moment `now`, milliseconds
 * since the epoch. Byte for byte what kafkajs makes, which takes some dozen buffers for each record.
 */
export function encodeProduce({ acks, timeout, topicData }: ProduceRequest, now: number): Buffer {
  const batches = topicData.map(({ partitions }) => partitions.map(({ messages }) => messages.map(sizeOf)));
  const writer = new Writer(sizeOfRequest(topicData, batches));
  writer.int16(-1);
  writer.int16(acks);
  writer.int32(timeout);
  writer.int32(topicData.length);
  for (const [at, { topic, partitions }] of topicData.entries()) {
    writer.int16(Buffer.byteLength(topic));
    writer.text(topic);
    writer.int32(partitions.length);
    for (const [index, { partition, messages }] of partitions.entries()) {
      const sizes = batches[at]?.[index] ?? [];
      writer.int32(partition);
      writer.int32(8 + 4 + BATCH_FRAME + bodyOf(sizes));
      writeBatch(writer, messages, sizes, now);
    }
  }
  return writer.buffer;
}

function writeBatch(
  writer: Writer,
  messages: readonly SentRecord[],
  sizes: readonly number[],
  now: number,
): void {
  writer.int64(0);
  writer.int32(BATCH_FRAME + bodyOf(sizes));
  writer.int32(0);
  writer.int8(MAGIC);
  const checksumAt = writer.at;
  writer.int32(0);
  writer.int16(0);
  writer.int32(messages.length - 1);
  writer.int64(now);
  writer.int64(now);
  writer.int64(-1);
  writer.int16(0);
  writer.int32(0);
  writer.int32(messages.length);
  for (const [index, message] of messages.entries()) writeRecord(writer, message, index, sizes[index] ?? 0);
  const checksum = crc32c(writer.buffer.subarray(checksumAt + 4, writer.at));
  writer.buffer.writeUInt32BE(checksum, checksumAt);
}

function writeRecord(
  writer: Writer,
  { key, value, headers }: SentRecord,
  offset: number,
  size: number,
): void {
  writer.varint(size + varintSize(offset));
  writer.int8(0);
  writer.varint(0);
  writer.varint(offset);
  if (key === null) writer.varint(-1);
  else writer.bytes(key);
  writer.bytes(value);
  const names = Object.keys(headers);
  writer.varint(names.length);
  for (const name of names) {
    for (const text of [name, headers[name] ?? '']) {
      writer.varint(Buffer.byteLength(text));
      writer.text(text);
    }
  }
}

/** Bytes of a record but for its length and its offset. */
function sizeOf({ key, value, headers }: SentRecord): number {
  const names = Object.keys(headers);
  let size = RECORD_HEAD + varintSize(names.length) + withLength(value.length);
  size += key === null ? varintSize(-1) : withLength(key.length);
  for (const name of names) {
    size += withLength(Buffer.byteLength(name)) + withLength(Buffer.byteLength(headers[name] ?? ''));
  }
  return size;
}

/** Bytes of a batch from its attributes on, which are those that the checksum is of. */
function bodyOf(sizes: readonly number[]): number {
  let bytes = BATCH_HEAD;
  for (const [offset, size] of sizes.entries()) bytes += withLength(size + varintSize(offset));
  return bytes;
}

function sizeOfRequest(
  topicData: ProduceRequest['topicData'],
  batches: readonly (readonly (readonly number[])[])[],
): number {
  let bytes = 2 + 2 + 4 + 4;
  for (const [at, { topic }] of topicData.entries()) {
    bytes += 2 + Buffer.byteLength(topic) + 4;
    for (const sizes of batches[at] ?? []) bytes += 4 + 4 + 8 + 4 + BATCH_FRAME + bodyOf(sizes);
  }
  return bytes;
}

const withLength = (bytes: number): number => varintSize(bytes) + bytes;

const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

function varintSize(value: number): number {
  const bits = 32 - Math.clz32(zigzag(value));
  return Math.max(1, Math.ceil(bits / 7));
}

/** Fills a buffer of exactly the size that is needed. */
class Writer {
  readonly buffer: Buffer;
  at = 0;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  int8(value: number): void {
    this.at = this.buffer.writeInt8(value, this.at);
  }

  int16(value: number): void {
    this.at = this.buffer.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.buffer.writeInt32BE(value, this.at);
  }

  /** Whole numbers as far as doubles are exact. */
  int64(value: number): void {
    this.int32(Math.floor(value / 2 ** 32));
    this.at = this.buffer.writeUInt32BE(value >>> 0, this.at);
  }

  varint(value: number): void {
    let left = zigzag(value);
    while (left > 0x7f) {
      this.buffer[this.at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    this.buffer[this.at++] = left;
  }

  bytes(value: Buffer): void {
    this.varint(value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  text(value: string): void {
    this.at += this.buffer.write(value, this.at);
  }
}
