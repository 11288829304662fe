import { createRequire } from 'node:module';
import type { Outgoing } from '@spillway/contracts/event';
import fc from 'fast-check';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { readRecord, recordBytes, writeRecord } from './record.js';

const message = (more: Partial<KafkaMessage> = {}): KafkaMessage =>
  ({
    key: Buffer.from('c1'),
    value: Buffer.from('hello'),
    timestamp: '1700000000000',
    attributes: 0,
    offset: '7',
    headers: { id: Buffer.from('m1/message.received') },
    ...more,
  }) as KafkaMessage;

const read = (more?: Partial<KafkaMessage>) => readRecord('message.received', 3, message(more));

const encodeRecord = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/record/v0') as (
  message: Message,
) => { readonly buffer: Buffer };

/** What a broker gives back for what was sent. */
function delivered({ key, value, headers }: Message): KafkaMessage {
  const bytes = Object.entries(headers ?? {}).map(([name, text]) => [name, Buffer.from(text as string)]);
  return message({
    key: key as Buffer | null,
    value: value as Buffer | null,
    headers: Object.fromEntries(bytes) as IHeaders,
  });
}

const text = fc.string({ unit: 'grapheme' });
const events: fc.Arbitrary<Outgoing> = fc.record({
  topic: fc.constant('message.received'),
  key: text,
  id: text.filter((id) => id !== ''),
  value: fc.uint8Array(),
  headers: fc.dictionary(
    text.filter((name) => name !== 'id'),
    text,
  ),
});

describe('a record', () => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(events, ({ topic, ...event }) => {
        const { key, id, value, headers } = readRecord(topic, 3, delivered(writeRecord({ topic, ...event })));
        expect({ key, id, value, headers }).toEqual({ ...event, headers: { ...event.headers } });
      }),
    );
  });

  it.each<[string, Partial<KafkaMessage>, Partial<ReturnType<typeof read>>]>([
    ['says where it lies', {}, { topic: 'message.received', partition: 3, offset: 7 }],
    ['says when it came', {}, { timestamp: 1_700_000_000_000 }],
    ['has an empty value as a tombstone', { value: null }, { value: new Uint8Array() }],
    ['has an empty key for a null key', { key: null }, { key: '' }],
    ['has a key of its own for a non-UTF-8 key', { key: Buffer.from([0xff, 1]) }, { key: 'base64:/wE=' }],
    ['is named after its place with missing headers', { headers: {} }, { id: 'message.received/3/7' }],
    ['bears no headers at all', { headers: undefined as never }, { headers: {} }],
    [
      'has a name in spite of an empty id',
      { headers: { id: Buffer.from('') } },
      { id: 'message.received/3/7' },
    ],
    ['reads headers as UTF-8', { headers: { city: Buffer.from('Łódź') } }, { headers: { city: 'Łódź' } }],
    ['has the last of several headers', { headers: { a: ['1', Buffer.from('2')] } }, { headers: { a: '2' } }],
    ['has an empty header for a null one', { headers: { a: null as never } }, { headers: { a: '' } }],
    ['has its id among others', { headers: { id: ['x', 'y'] } }, { id: 'y', headers: {} }],
  ])('%s', (_, more, expected) => expect(read(more)).toMatchObject(expected));

  it('bears huge headers', () => {
    const large = 'ż'.repeat(200_000);
    expect(read({ headers: { large: Buffer.from(large) } }).headers['large']).toBe(large);
  });

  it('keeps nothing alive but its own bytes', () => {
    const answer = Buffer.alloc(1_000_000);
    expect(read({ value: answer.subarray(10, 20) }).value.buffer.byteLength).toBe(10);
  });

  it('takes no more bytes on the wire than is said, and not many fewer', () => {
    fc.assert(
      fc.property(events, (event) => {
        const message = writeRecord(event);
        const { length } = encodeRecord(message).buffer;
        expect(recordBytes(message)).toBeGreaterThanOrEqual(length);
        expect(recordBytes(message)).toBeLessThan(
          length + 150 + 12 * Object.keys(message.headers ?? {}).length,
        );
      }),
    );
  });
});
