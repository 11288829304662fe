import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '@spillway/contracts/fault';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from './tables.js';

/** One numbered file of SQL. */
export interface Migration {
  readonly name: string;
  readonly checksum: string;
  readonly text: string;
}

/** The package's own migrations; from `src` and from `dist` it is the same way. */
export const migrationsFolder = fileURLToPath(new URL('../../migrations/', import.meta.url));

/** The migrations of a folder, in their order. Throws `misconfigured` when one has no number or numbers are left out. */
export function readMigrations(folder: string): readonly Migration[] {
  const names = readdirSync(folder).sort();
  return names.map((name, index) => {
    const number = String(index + 1).padStart(4, '0');
    if (!name.startsWith(`${number}_`) || !name.endsWith('.sql')) {
      throw new Fault(
        'misconfigured',
        `${join(folder, name)} is not migration ${number}: number the files without gaps`,
      );
    }
    const text = readFileSync(join(folder, name), 'utf8');
    return { name, checksum: createHash('sha256').update(text).digest('hex'), text };
  });
}

/**
 * Brings the schema up to date, all steps or none; several processes may do so at once. Throws `misconfigured` when a
 * step that was taken once has changed since, or is not among the files.
 */
export async function migrate(
  database: Kysely<Tables>,
  schema: string,
  migrations: readonly Migration[],
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    await sql`SELECT pg_advisory_xact_lock(hashtext('spillway ledger migrations'), hashtext(${schema}))`.execute(
      transaction,
    );
    const applied = await appliedTo(transaction, schema);
    checkApplied(schema, migrations, applied);
    for (const migration of migrations.slice(applied.length)) {
      await sql.raw(migration.text).execute(transaction);
      await sql`INSERT INTO schema_migrations (name, checksum) VALUES (${migration.name}, ${migration.checksum})`.execute(
        transaction,
      );
    }
  });
}

type Applied = Pick<Migration, 'name' | 'checksum'>;

/** The steps taken so far. Makes the schema only where it is missing: to use one takes fewer rights. */
async function appliedTo(transaction: Transaction<Tables>, schema: string): Promise<readonly Applied[]> {
  const { rows } = await sql<{ schema: string | null; taken: string | null }>`
    SELECT to_regnamespace(quote_ident(${schema}))::text AS schema,
      to_regclass(quote_ident(${schema}) || '.schema_migrations')::text AS taken`.execute(transaction);
  if (rows[0]?.schema === null) await sql`CREATE SCHEMA ${sql.id(schema)}`.execute(transaction);
  if (rows[0]?.taken === null) {
    await sql`CREATE TABLE schema_migrations (
      name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
    )`.execute(transaction);
  }
  const applied = await sql<Applied>`SELECT name, checksum FROM schema_migrations ORDER BY name`.execute(
    transaction,
  );
  return applied.rows;
}

function checkApplied(schema: string, migrations: readonly Migration[], applied: readonly Applied[]): void {
  for (const [index, { name, checksum }] of applied.entries()) {
    const file = migrations[index];
    if (file?.name !== name) {
      throw new Fault(
        'misconfigured',
        `schema ${schema} was written with migration ${name}, which this version does not have: run the version that does, or a newer one`,
      );
    }
    if (file.checksum !== checksum) {
      throw new Fault(
        'misconfigured',
        `migration ${name} has changed since schema ${schema} was written with it: restore the file and add another one`,
      );
    }
  }
}
