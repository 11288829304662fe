import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { Fault } from '@spillway/contracts/fault';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BusRecord } from '../bus.js';
import { BLOCK_BYTES } from './copy.js';
import { readRecord } from './record.js';
import { decodeRecords } from './record-batch.js';

const { RecordBatch } = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<{ readonly buffer: Buffer }>;
};

const LENGTH_AT = 8;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const COUNT_AT = 57;
const RECORDS_AT = 61;

/** A batch of these records, each with its length before it. */
async function batchOf(records: readonly (readonly number[])[], firstOffset = 0n): Promise<Buffer> {
  const encoders = records.map((bytes) => ({ buf: Buffer.from(bytes), buffer: Buffer.from(bytes) }));
  return Buffer.from((await RecordBatch({ records: encoders, firstOffset })).buffer);
}

/** The letters of a text, with its length before them: numbers are written as twice themselves. */
const text = (letters: string): number[] => [2 * letters.length, ...Buffer.from(letters)];
const NOTHING = 1;

/** A record of no attributes, at the batch's time and first offset, from its key on. */
function recordOf(...bytes: readonly number[]): number[] {
  const body = [0, 0, 0, ...bytes];
  return [2 * body.length, ...body];
}

const usual = recordOf(...text('key'), ...text('value'), 2, ...text('name'), ...text('header'));

async function read(bytes: Buffer): Promise<readonly BusRecord[]> {
  const records = (await decodeRecords(bytes)) ?? [];
  return records.map((record) => readRecord('t', 0, record));
}

describe('the records of a batch', () => {
  it.each<[string, number[], Partial<BusRecord>]>([
    ['are what they say', usual, { key: 'key', headers: { name: 'header' } }],
    ['need no key', recordOf(NOTHING, ...text('value'), 0), { key: '', headers: {} }],
    ['need no value', recordOf(...text('key'), NOTHING, 0), { key: 'key', value: new Uint8Array() }],
    [
      'need no header value',
      recordOf(NOTHING, NOTHING, 2, ...text('name'), NOTHING),
      { headers: { name: '' } },
    ],
    [
      'may have headers with names that all objects have',
      recordOf(NOTHING, NOTHING, 4, ...text('constructor'), ...text('a'), ...text('__proto__'), ...text('b')),
      { headers: { constructor: 'a', ['__proto__']: 'b' } as never },
    ],
    [
      'have the last of several ids',
      recordOf(NOTHING, NOTHING, 4, ...text('id'), ...text('first'), ...text('id'), ...text('last')),
      { id: 'last', headers: {} },
    ],
    ['may end in bytes that nobody knows', [...recordOf(NOTHING, NOTHING, 0, 7, 7, 7)], { headers: {} }],
  ])('%s', async (_, record, expected) => {
    const records = await read(await batchOf([record, record]));
    expect(records).toMatchObject([expected, expected]);
  });

  it.each([
    ['shares memory with few others', 'usual', BLOCK_BYTES],
    ['that is to wait keeps alive nothing but itself', 'not-before', 5],
  ])('of which one %s', async (_, header, alive) => {
    const record = recordOf(NOTHING, ...text('value'), 2, ...text(header), ...text('1'));
    const answer = Buffer.concat([await batchOf([record]), Buffer.alloc(1_000_000)]);
    const [{ value } = { value: new Uint8Array() }] = await read(answer);
    expect(`${Buffer.from(value)}`).toBe('value');
    expect(value.buffer.byteLength).toBe(alive);
  });

  it('lie between numbers that a double holds, or are left to kafkajs', async () => {
    const limit = 2n ** 53n - 1n;
    expect(await read(await batchOf([usual], limit))).toMatchObject([{ offset: Number(limit) }]);
    expect(await decodeRecords(await batchOf([usual], limit + 1n))).toBeUndefined();
  });

  it('of old batches behind those of today are for the next fetch', async () => {
    const [first, second] = [await batchOf([usual]), await batchOf([usual])];
    second[MAGIC_AT] = 1;
    expect(await read(Buffer.concat([first, second]))).toHaveLength(1);
  });

  it('are none where not even the format has come', async () => {
    const batch = await batchOf([usual]);
    for (let bytes = 0; bytes <= MAGIC_AT; bytes += 1) {
      expect(await decodeRecords(batch.subarray(0, bytes))).toEqual([]);
    }
  });
});

describe('a damaged batch', () => {
  it.each<[string, (batch: Buffer) => void]>([
    ['that is shorter than its head', (batch) => batch.writeInt32BE(48, LENGTH_AT)],
    ['of a negative length', (batch) => batch.writeInt32BE(-12, LENGTH_AT)],
    ['of more records than are there', (batch) => batch.writeInt32BE(2 ** 31 - 1, COUNT_AT)],
    ['with a record that is longer than the batch', (batch) => batch.writeInt8(120, RECORDS_AT)],
    ['with a record that is no longer than its head', (batch) => batch.writeInt8(4, RECORDS_AT)],
    ['with a record of no bytes', (batch) => batch.writeInt8(0, RECORDS_AT)],
    ['with a record without a length', (batch) => batch.writeInt8(NOTHING, RECORDS_AT)],
    ['with a key that is longer than its record', (batch) => batch.writeInt8(120, RECORDS_AT + 4)],
    ['with a key of a negative length', (batch) => batch.writeInt8(3, RECORDS_AT + 4)],
    ['with a header that is longer than its record', (batch) => batch.writeInt8(20, batch.length - 7)],
    ['with more headers than are there', (batch) => batch.writeInt8(120, batch.length - 13)],
    ['with a number that never ends', (batch) => batch.fill(0xff, RECORDS_AT)],
  ])('%s is malformed', async (_, damage) => {
    const batch = await batchOf([usual]);
    damage(batch);
    await expect(read(batch)).rejects.toMatchObject({ code: 'malformed' });
  });

  it('that is packed is told from one that was damaged before', async () => {
    const batch = await batchOf([usual]);
    const packed = gzipSync(Buffer.from([...usual.slice(0, -1)]));
    const whole = Buffer.concat([batch.subarray(0, RECORDS_AT), packed]);
    whole.writeInt32BE(whole.length - 12, LENGTH_AT);
    whole.writeInt16BE(1, ATTRIBUTES_AT);
    await expect(read(whole)).rejects.toMatchObject({ code: 'malformed' });
    whole.fill(0, RECORDS_AT);
    await expect(read(whole)).rejects.toMatchObject({ code: 'Z_DATA_ERROR' });
  });

  it('with a codec that kafkajs has not been given says so', async () => {
    const batch = await batchOf([usual]);
    batch.writeInt16BE(2, ATTRIBUTES_AT);
    await expect(read(batch)).rejects.toMatchObject({ name: 'KafkaJSNotImplemented' });
  });

  it('comes to an end, with nothing from outside of it', async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    const whole = await batchOf([usual, usual, usual]);
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(whole.length), async (changes, length) => {
        // What lies around it must not be read.
        const around = Buffer.alloc(3 * whole.length, 'SECRET');
        const batch = around.subarray(whole.length, whole.length + length);
        whole.copy(batch);
        for (const [at, byte] of changes) batch[at % length] = byte;
        try {
          for (const record of (await decodeRecords(batch)) ?? []) {
            const { key, id, headers } = readRecord('t', 0, record);
            expect(`${key}${id}${JSON.stringify(headers)}${record.value}`).not.toContain('SECRET');
          }
        } catch (error) {
          if (error instanceof Fault) expect(error.code).toBe('malformed');
          else expect(['KafkaJSNotImplemented', 'Error']).toContain((error as Error).name);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
