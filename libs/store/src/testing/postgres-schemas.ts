import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { afterAll } from 'vitest';
import type { Ledger } from '../ledger.js';
import { openPostgresLedger } from '../postgres-ledger.js';

export interface PostgresSchemas {
  /** The name of a schema that nobody has; whatever is made of it is dropped after the last case. */
  fresh(): string;
  /** The URL of a new database, dropped after the last case. */
  freshDatabase(): Promise<string>;
  /** Runs SQL with a schema as the search path, and gives the rows of its last statement. */
  query<R>(schema: string, text: string): Promise<readonly R[]>;
  /** A ledger on a place: the same one again after a close, an empty one where the place is new. */
  openPlace(place: string): Promise<Ledger>;
}

const tables = [
  'messages',
  'contents',
  'steps',
  'decisions',
  'replies',
  'reviews',
  'dead_letters',
  'audits',
  'alarms',
  'audit_requests',
  'waits',
  'event_replays',
];

/** Schemas for the cases of one spec file on a server that others use too. */
export function postgresSchemas(url: string): PostgresSchemas {
  const pool = new Pool({ connectionString: url, max: 1, options: '-c client_min_messages=warning' });
  const made: string[] = [];
  const databases: string[] = [];
  const byPlace = new Map<string, string>();
  const idle = new Set<string>();

  function fresh(): string {
    const schema = `case_${randomUUID().replaceAll('-', '')}`;
    made.push(schema);
    return schema;
  }

  async function freshDatabase(): Promise<string> {
    const name = `case_${randomUUID().replaceAll('-', '')}`;
    await pool.query(`CREATE DATABASE ${name}`);
    databases.push(name);
    return Object.assign(new URL(url), { pathname: name }).href;
  }

  async function query<R>(schema: string, text: string): Promise<readonly R[]> {
    const results = await pool.query(`SET search_path TO ${schema}; ${text}`);
    return ([results].flat().at(-1)?.rows ?? []) as readonly R[];
  }

  /** To empty the schema of a place that was closed takes a fraction of the time that it takes to make one. */
  async function schemaFor(place: string): Promise<string> {
    const known = byPlace.get(place);
    const [left] = idle;
    if (known === undefined && left !== undefined) {
      await query(left, tables.map((table) => `DELETE FROM ${table}`).join(';'));
      for (const [other, schema] of byPlace) if (schema === left) byPlace.delete(other);
    }
    const schema = known ?? left ?? fresh();
    idle.delete(schema);
    byPlace.set(place, schema);
    return schema;
  }

  afterAll(async () => {
    for (const schema of made) await query(schema, `DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    for (const name of databases) await pool.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await pool.end();
  });

  return {
    fresh,
    freshDatabase,
    query,
    async openPlace(place) {
      const schema = await schemaFor(place);
      const ledger = await openPostgresLedger({ url, schema, poolSize: 2 });
      const close = async () => {
        await ledger.close();
        if (byPlace.get(place) === schema) idle.add(schema);
      };
      return { ...ledger, close };
    },
  };
}
