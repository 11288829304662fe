import { createRequire } from 'node:module';
import { Fault } from '@spillway/contracts/fault';
import { type BatchContext, FetchedRecord } from './fetched-record.js';
import { int64At, WireReader } from './wire-reader.js';

type Decoded = readonly FetchedRecord[] | undefined;

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
export function decodeRecords(bytes: Buffer): Decoded | Promise<Decoded> {
  return decodeFrom(bytes, 0, []);
}

function decodeFrom(bytes: Buffer, start: number, records: FetchedRecord[]): Decoded | Promise<Decoded> {
  let at = start;
  while (at + MAGIC_AT < bytes.length) {
    // Beside batches of today, those of old are for the next fetch, which begins with them.
    if (bytes[at + MAGIC_AT] !== MAGIC) return at === 0 ? undefined : records;
    const end = at + COUNTED_AT + bytes.readInt32BE(at + LENGTH_AT);
    if (end > bytes.length) break;
    if (end < at + RECORDS_AT) throw new Fault('malformed', 'a batch of Kafka is shorter than its head');
    const codec = lookupCodecByAttributes(bytes.readInt16BE(at + ATTRIBUTES_AT));
    // What is not packed is read at once: a promise for each partition costs as much as a record.
    if (codec !== null) return decodePacked(codec, bytes, at, end, records);
    if (!readRecords(bytes, at, new WireReader(bytes, at + RECORDS_AT, end), records)) return undefined;
    at = end;
  }
  return records;
}

/** From this packed batch on. */
async function decodePacked(
  codec: Codec,
  bytes: Buffer,
  at: number,
  end: number,
  records: FetchedRecord[],
): Promise<Decoded> {
  if (bytes.readInt32BE(at + COUNT_AT) > 0) {
    const body = await codec.decompress(bytes.subarray(at + RECORDS_AT, end));
    if (!readRecords(bytes, at, new WireReader(body, 0, body.length), records)) return undefined;
  }
  return decodeFrom(bytes, end, records);
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
