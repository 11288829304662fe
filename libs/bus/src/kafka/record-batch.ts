import { createRequire } from 'node:module';
import { Fault } from '@spillway/contracts/fault';
import { type BatchContext, FetchedRecord } from './fetched-record.js';
import { int64At, WireReader } from './wire-reader.js';

interface Codec {
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** None for a batch that is not compressed; throws for a codec that kafkajs was not given. */
const { lookupCodecByAttributes } = createRequire(import.meta.url)(
  'kafkajs/src/protocol/message/compression',
) as { lookupCodecByAttributes(attributes: number): Codec | null };

/** Where in a batch lies what (https://kafka.apache.org/documentation/#recordbatch). */
const LENGTH_AT = 8;
/** The bytes from here on are those that the length counts. */
const COUNTED_AT = 12;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_AT = 43;
const COUNT_AT = 57;
const RECORDS_AT = 61;

/** The format of record batches since Kafka 0.11; that of older ones is at the same place. */
const MAGIC = 2;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/**
 * The records of the batches of one partition, as a fetch brings them: what lies behind the last whole batch is left
 * out. Their bytes stay where they are. Undefined where kafkajs has to read them: batches from before Kafka 0.11, and
 * numbers that a double does not hold. Throws `malformed`, and what kafkajs's codecs throw.
 */
export async function decodeRecords(bytes: Buffer): Promise<readonly FetchedRecord[] | undefined> {
  const records: FetchedRecord[] = [];
  let at = 0;
  while (at + MAGIC_AT < bytes.length) {
    // Beside batches of today, those of old are for the next fetch, which begins with them.
    if (bytes[at + MAGIC_AT] !== MAGIC) return at === 0 ? undefined : records;
    const end = at + COUNTED_AT + bytes.readInt32BE(at + LENGTH_AT);
    if (end > bytes.length) break;
    if (end < at + RECORDS_AT) throw new Fault('malformed', 'a batch of Kafka is shorter than its head');
    const codec = lookupCodecByAttributes(bytes.readInt16BE(at + ATTRIBUTES_AT));
    const body =
      codec === null
        ? new WireReader(bytes, at + RECORDS_AT, end)
        : await unpacked(codec, bytes.subarray(at + RECORDS_AT, end), bytes.readInt32BE(at + COUNT_AT));
    if (!readRecords(bytes, at, body, records)) return undefined;
    at = end;
  }
  return records;
}

async function unpacked(codec: Codec, packed: Buffer, count: number): Promise<WireReader> {
  const bytes = count > 0 ? await codec.decompress(packed) : packed;
  return new WireReader(bytes, 0, bytes.length);
}

/** Adds the records in `body` of the batch that begins there. False for numbers that a double does not hold. */
function readRecords(bytes: Buffer, at: number, body: WireReader, records: FetchedRecord[]): boolean {
  const attributes = bytes.readInt16BE(at + ATTRIBUTES_AT);
  const firstOffset = int64At(bytes, at);
  const firstTimestamp = int64At(bytes, at + FIRST_TIMESTAMP_AT);
  const appended = (attributes & LOG_APPEND_TIME) !== 0;
  const appendTime = appended ? int64At(bytes, at + MAX_TIMESTAMP_AT) : Number.NaN;
  const producerId = int64At(bytes, at + PRODUCER_AT);
  if (!Number.isSafeInteger(producerId)) return false;
  const context: BatchContext = {
    producerId: `${producerId}`,
    inTransaction: (attributes & TRANSACTIONAL) !== 0,
    isControlBatch: (attributes & CONTROL) !== 0,
  };
  const { end } = body;
  const count = bytes.readInt32BE(at + COUNT_AT);
  for (let n = 0; n < count; n += 1) {
    const length = body.length();
    body.end = body.at + length;
    const recordAttributes = body.int8();
    const delta = body.varlong();
    const timestamp = appended ? appendTime : firstTimestamp + delta;
    const offset = firstOffset + body.varint();
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(timestamp)) return false;
    records.push(
      new FetchedRecord(context, body.buffer, body.at, body.end, offset, timestamp, recordAttributes),
    );
    body.at = body.end;
    body.end = end;
  }
  return true;
}
