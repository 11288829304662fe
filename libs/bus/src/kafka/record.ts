import { isUtf8 } from 'node:buffer';
import type { Outgoing } from '@spillway/contracts/event';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { BusRecord } from '../bus.js';

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
  const { [ID]: id, ...headers } = readHeaders(message.headers ?? {});
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: readKey(message.key),
    id: id || `${topic}/${partition}/${message.offset}`,
    // A copy: kafkajs cuts values out of a whole answer, which would stay in memory as long as one of them.
    value: new Uint8Array(message.value ?? []),
    headers,
    timestamp: Number(message.timestamp),
  };
}

/** A key that is no text is told apart from all others, byte for byte: read as text, many would become one. */
function readKey(key: Buffer | null): string {
  if (key === null) return '';
  return isUtf8(key) ? key.toString() : `base64:${key.toString('base64')}`;
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
