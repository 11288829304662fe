import { isUtf8 } from 'node:buffer';
import type { Outgoing } from '@spillway/contracts/event';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { type BusRecord, NOT_BEFORE } from '../bus.js';
import { copyOf } from './copy.js';
import { FetchedRecord } from './fetched-record.js';
import { headerName, setHeader } from './headers.js';

/** Header that carries the id of an event; the name is taken, so an event has no other header of that name. */
const ID = 'id';

/** An event as kafkajs sends it. An empty key is none: such an event has no order. */
export function writeRecord({ key, id, value, headers }: Outgoing): Message {
  return {
    key: key === '' ? null : Buffer.from(key),
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    headers: { ...headers, [ID]: id },
  };
}

/**
 * What lies on the log, whoever wrote it. A record without an id gets `<topic>/<partition>/<offset>`, which names it as
 * well; a missing key or value is an empty one. Of several headers of one name the last counts, as in every client.
 */
export function readRecord(topic: string, partition: number, message: KafkaMessage): BusRecord {
  if (message instanceof FetchedRecord) return readFetched(topic, partition, message);
  const { key, value, offset } = message;
  const { [ID]: id, ...headers } = readHeaders(message.headers ?? {});
  return {
    topic,
    partition,
    offset: Number(offset),
    key: key === null ? '' : readKey(key, 0, key.length),
    id: id || `${topic}/${partition}/${offset}`,
    value: new Uint8Array(value ?? []),
    headers,
    timestamp: Number(message.timestamp),
  };
}

/** The same, out of the answer itself. */
function readFetched(topic: string, partition: number, record: FetchedRecord): BusRecord {
  const { position: offset, time: timestamp } = record;
  const reader = record.reader();
  const { buffer } = reader;
  const key = readKey(buffer, reader.pass(), reader.at);
  const valueAt = reader.pass();
  const valueEnd = reader.at;
  let id = '';
  const headers: Record<string, string> = {};
  for (let left = reader.varint(); left > 0; left -= 1) {
    const name = headerName(buffer, reader.pass(), reader.at);
    const text = buffer.toString('utf8', reader.pass(), reader.at);
    if (name === ID) id = text;
    else setHeader(headers, name, text);
  }
  id ||= `${topic}/${partition}/${offset}`;
  // What waits for its moment outlives all that came with it.
  const value = copyOf(buffer, valueAt, valueEnd, !(NOT_BEFORE in headers));
  return { topic, partition, offset, key, id, value, headers, timestamp, decoded: undefined };
}

/** A key that is no text is told apart from all others, byte for byte: read as text, many would become one. */
function readKey(buffer: Buffer, from: number, to: number): string {
  const isText = isAscii(buffer, from, to) || isUtf8(buffer.subarray(from, to));
  return isText ? buffer.toString('utf8', from, to) : `base64:${buffer.toString('base64', from, to)}`;
}

/** As Node's own, which wants an object made for it: keys are short. */
function isAscii(buffer: Buffer, from: number, to: number): boolean {
  let bits = 0;
  for (let at = from; at < to; at += 1) bits |= buffer[at] as number;
  return bits < 0x80;
}

function readHeaders(headers: IHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => {
      const value = Array.isArray(values) ? values.at(-1) : values;
      return [name, value?.toString() ?? ''];
    }),
  );
}

/** The most that a record takes on the wire besides its texts, and what each header adds. */
const FRAME_BYTES = 100;
const HEADER_BYTES = 10;

/** Bytes of a record on the wire, at most. */
export function recordBytes({ key, value, headers }: Message): number {
  let bytes = FRAME_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, text] of Object.entries(headers ?? {})) {
    bytes += HEADER_BYTES + Buffer.byteLength(name) + Buffer.byteLength(text as string);
  }
  return bytes;
}
