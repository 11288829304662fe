import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { openPostgresLedger } from '../postgres-ledger.js';
import { received, replay } from '../testing/ledger-history.js';
import { faultOf } from '../testing/ledger-stage.js';
import { postgresSchemas } from '../testing/postgres-schemas.js';
import { connect } from './connection.js';
import { migrate, migrationsFolder, readMigrations } from './migrate.js';

const url = inject('databaseUrl');
const schemas = postgresSchemas(url);
const count = readMigrations(migrationsFolder).length;

let schema: string;
let folder: string;
beforeEach(() => {
  schema = schemas.fresh();
  folder = mkdtempSync(join(tmpdir(), 'spillway-migrations-'));
  cpSync(migrationsFolder, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As a process of its own would. */
async function migrateFrom(files: string): Promise<void> {
  const database = connect({ url, schema, poolSize: 1, statementTimeoutMs: 10_000, logger: undefined });
  try {
    await migrate(database, schema, readMigrations(files));
  } finally {
    await database.destroy();
  }
}

const applied = async (): Promise<readonly string[]> => {
  const rows = await schemas.query<{ name: string }>(
    schema,
    'SELECT name FROM schema_migrations ORDER BY name',
  );
  return rows.map(({ name }) => name);
};
const fileNumber = (number: number) => join(folder, `${String(number).padStart(4, '0')}_more.sql`);
const [first] = readMigrations(migrationsFolder);

describe('migrations', () => {
  it('are all run on a new schema, in order', async () => {
    await migrateFrom(folder);
    expect(await applied()).toEqual(readMigrations(folder).map(({ name }) => name));
  });

  it('are run once', async () => {
    await migrateFrom(folder);
    await migrateFrom(folder);
    expect(await applied()).toHaveLength(count);
  });

  it('go on after those that were run before', async () => {
    await migrateFrom(folder);
    writeFileSync(fileNumber(count + 1), 'CREATE TABLE more (id integer); INSERT INTO more VALUES (1);');
    await migrateFrom(folder);
    expect(await applied()).toHaveLength(count + 1);
    expect(await schemas.query(schema, 'SELECT id FROM more')).toEqual([{ id: 1 }]);
  });

  it('leave what was stored before as it is, and let it go on', async () => {
    for (const { name } of readMigrations(folder).slice(2)) rmSync(join(folder, name));
    await migrateFrom(folder);
    const message = JSON.stringify([{ id: 'm1', status: 2 }]);
    const letter = {
      event_id: 'm1/message.received',
      consumer: 'router',
      message_id: 'm1',
      topic: 'message.received',
    };
    const letters = JSON.stringify([
      { ...letter, code: 'unknown', detail: '', stops: true, failed_at_ms: 5 },
    ]);
    await schemas.query(
      schema,
      `SELECT make_month(0);
       SELECT apply_changes(0, '${message}', null, null, null, null, null, '${letters}')`,
    );
    const ledger = await openPostgresLedger({ url, schema, poolSize: 2 });
    await ledger.apply([received('m1')]);
    expect(await ledger.message('m1')).toMatchObject({
      status: 'failed',
      deadLetters: [{ replays: 0, replayedAtMs: null }],
    });
    await ledger.apply([replay('m1')]);
    expect(await ledger.message('m1')).toMatchObject({ status: 'in_progress' });
    await ledger.close();
  });

  it('are run by one of several processes that start at once', async () => {
    writeFileSync(fileNumber(count + 1), 'CREATE TABLE more (id integer); INSERT INTO more VALUES (1);');
    await Promise.all([1, 2, 3, 4].map(() => migrateFrom(folder)));
    expect(await schemas.query(schema, 'SELECT id FROM more')).toEqual([{ id: 1 }]);
  });

  it('leave nothing behind when one fails', async () => {
    writeFileSync(fileNumber(count + 1), 'CREATE TABLE more (id integer); SELECT no_such_function();');
    await expect(migrateFrom(folder)).rejects.toThrow('no_such_function');
    expect(await schemas.query(schema, `SELECT to_regclass('messages') AS messages`)).toEqual([
      { messages: null },
    ]);
  });

  it('refuse a schema when a file has changed since', async () => {
    await migrateFrom(folder);
    writeFileSync(join(folder, first?.name ?? ''), `${first?.text}-- a remark`);
    await expect(migrateFrom(folder)).rejects.toThrow(faultOf('misconfigured'));
    await expect(migrateFrom(folder)).rejects.toThrow(/0001_ledger.sql has changed/);
  });

  it('refuse a schema of which a file is missing', async () => {
    writeFileSync(fileNumber(count + 1), 'SELECT 1');
    await migrateFrom(folder);
    rmSync(fileNumber(count + 1));
    await expect(migrateFrom(folder)).rejects.toThrow(faultOf('misconfigured'));
    await expect(migrateFrom(folder)).rejects.toThrow(/which this version does not have/);
  });

  it.each([
    ['leaves a number out', `${String(count + 2).padStart(4, '0')}_more.sql`],
    ['has no number', 'more.sql'],
    ['is not SQL', `${String(count + 1).padStart(4, '0')}_more.txt`],
  ])('refuse a file that %s', (_, name) => {
    writeFileSync(join(folder, name), '');
    expect(() => readMigrations(folder)).toThrow(faultOf('misconfigured'));
  });
});
