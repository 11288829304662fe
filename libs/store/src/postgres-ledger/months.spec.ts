import { Client } from 'pg';
import { describe, expect, inject, it } from 'vitest';
import type { Ledger } from '../ledger.js';
import { openPostgresLedger } from '../postgres-ledger.js';
import { dead, decided, decision, received, requested, settled, step } from '../testing/ledger-history.js';
import { postgresSchemas } from '../testing/postgres-schemas.js';
import { monthAfter, monthAt } from './month.js';

const url = inject('databaseUrl');
const schemas = postgresSchemas(url);

/** An id as the gateway makes it at that time. */
const idAt = (time: string | number, tail = '0123456789ab') => {
  const digits = new Date(time).getTime().toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7abc-8def-${tail}`;
};

async function inSchema<T>(run: (ledger: Ledger, schema: string) => Promise<T>): Promise<T> {
  const schema = schemas.fresh();
  const ledger = await openPostgresLedger({ url, schema });
  try {
    return await run(ledger, schema);
  } finally {
    await ledger.close();
  }
}

const partitions = async (schema: string, table: string): Promise<readonly string[]> => {
  const rows = await schemas.query<{ name: string }>(
    schema,
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '${table}'::regclass ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};

describe('months', () => {
  it('has the month of today and the next one ready', async () => {
    await inSchema(async (_, schema) => {
      const month = monthAt(Date.now());
      expect(await partitions(schema, 'steps')).toEqual([`steps_${month}`, `steps_${monthAfter(month)}`]);
    });
  });

  it('files a message and all that is known of it under the month of its id', async () => {
    await inSchema(async (ledger, schema) => {
      const last = Date.parse('2031-12-31T23:59:59.999Z');
      for (const [at, month] of [
        [last, 203112],
        [last + 1, 203201],
      ] as const) {
        const id = idAt(at);
        await ledger.apply([
          step(id, 'classify'),
          decision(id, 'classify'),
          settled(id),
          requested(id),
          decided(id),
        ]);
        await ledger.apply([dead(id), received(id, { receivedAtMs: at })]);
        for (const table of [
          'messages',
          'contents',
          'steps',
          'decisions',
          'replies',
          'reviews',
          'dead_letters',
        ]) {
          const [row] = await schemas.query<{ n: string }>(
            schema,
            `SELECT count(*) AS n FROM ${table}_${month}`,
          );
          expect([table, row?.n]).toEqual([table, '1']);
        }
        expect(await ledger.message(id)).toMatchObject({ status: 'settled', deadLetters: [{}], review: {} });
      }
      expect((await ledger.list({ limit: 5 })).items.map(({ receivedAtMs }) => receivedAtMs)).toEqual([
        last + 1,
        last,
      ]);
      expect(await ledger.savings({ fromMs: last + 1 })).toMatchObject({ messages: 1, calls: 1 });
    });
  });

  it('stores changes of several months together or not at all', async () => {
    await inSchema(async (ledger) => {
      const [early, late] = [idAt('2030-01-31T00:00:00Z'), idAt('2030-02-01T00:00:00Z')];
      const beyond = step(late, 'draft', 'small', { completedAtMs: 2 ** 70 });
      await expect(ledger.apply([received(early), beyond])).rejects.toThrow('cannot hold');
      expect(await ledger.message(early)).toBeUndefined();
      await ledger.apply([received(late), received(early)]);
      expect((await ledger.counts()).byStatus.received).toBe(2);
    });
  });

  it('makes a month once for several processes that need it at once', async () => {
    await inSchema(async (ledger, schema) => {
      const others = await Promise.all([1, 2, 3].map(() => openPostgresLedger({ url, schema })));
      const ids = ['2024-03-01', '2024-02-01', '2024-01-01'].map((day) => idAt(day));
      await Promise.all([ledger, ...others].map((one) => one.apply(ids.map((id) => received(id)))));
      await Promise.all(others.map((other) => other.close()));
      expect((await ledger.counts()).byStatus.received).toBe(3);
      expect(await partitions(schema, 'messages')).toContain('messages_202404');
    });
  });

  it('makes a month while others are in the middle of writing', async () => {
    await inSchema(async (ledger, schema) => {
      const client = new Client(url);
      await client.connect();
      await client.query(
        `SET search_path TO ${schema}; BEGIN; UPDATE messages SET status = 0; SELECT * FROM steps`,
      );
      await ledger.apply([received(idAt('2024-05-05'))]);
      await client.query('COMMIT');
      await client.end();
      expect((await ledger.counts()).byStatus.received).toBe(1);
    });
  });

  it('makes a month again that somebody removed', async () => {
    await inSchema(async (ledger, schema) => {
      const id = idAt('2024-05-05');
      await ledger.apply([received(id), step(id, 'classify')]);
      const dropped = ['messages', 'contents', 'steps']
        .map((table) => `DROP TABLE ${table}_202405`)
        .join(';');
      await schemas.query(schema, dropped);
      expect(await ledger.message(id)).toBeUndefined();
      await ledger.apply([received(id), step(id, 'classify')]);
      expect(await ledger.message(id)).toMatchObject({ status: 'in_progress' });
    });
  });
});
