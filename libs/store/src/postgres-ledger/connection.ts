import { Fault } from '@spillway/contracts/fault';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { Pool, type PoolClient, types } from 'pg';
import { sqlStateOf } from './faults.js';
import type { Tables } from './tables.js';

/** Where warnings go: a pino logger fits. */
export interface LedgerLogger {
  warn(facts: object, message: string): void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly schema: string;
  readonly poolSize: number;
  /** Milliseconds after which the server gives a statement up. */
  readonly statementTimeoutMs: number;
  readonly logger: LedgerLogger | undefined;
}

/** Milliseconds to connect, or to wait for a free connection. */
const CONNECT_MS = 5_000;
/** How much longer than the server we wait before we hold it for lost. */
const GRACE_MS = 3_000;

const INT8 = 20;
const NUMERIC = 1700;
const JSON_TYPE = 114;

/** For these connections alone: money is exact, and JSON is left to who reads it. */
const getTypeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  if (oid === INT8 || oid === NUMERIC) return BigInt;
  if (oid === JSON_TYPE) return String;
  return types.getTypeParser(oid, format as 'text');
};

/** Opens a pool of connections; none is made yet. */
export function connect({
  url,
  schema,
  poolSize,
  statementTimeoutMs,
  logger,
}: ConnectionOptions): Kysely<Tables> {
  const pool = new Pool({
    connectionString: url,
    application_name: 'spillway ledger',
    max: poolSize,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: statementTimeoutMs + GRACE_MS,
    keepAlive: true,
    types: { getTypeParser },
    // Set here, not in the startup packet, where poolers refuse them (a pooler must leave a session to one client).
    // Compiling plans takes longer than these statements do; joins month by month spare the savings from hashing all
    // months at once.
    onConnect: async (client) => {
      await client.query(
        `SET search_path TO "${schema}"; SET statement_timeout TO ${statementTimeoutMs}; SET jit TO off;
         SET enable_partitionwise_join TO on; SET idle_in_transaction_session_timeout TO ${statementTimeoutMs}`,
      );
    },
  });
  pool.on('error', (error) =>
    logger?.warn({ err: error }, 'the ledger lost an idle connection to PostgreSQL'),
  );
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: discarding(pool) }) });
}

/**
 * Hands out connections that are thrown away on their return when a query on them ended without the server's word: an
 * answer may still be on its way, or none ever come.
 */
function discarding(pool: Pool): PostgresPool {
  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => guarded(await pool.connect()),
  };
}

function guarded(client: PoolClient): PostgresPoolClient {
  let lost = false;
  const onError = () => {
    lost = true;
  };
  // A lost connection fails the query that is under way; unheard, this would end the process.
  client.on('error', onError);
  const query = async (text: string, parameters: readonly unknown[]) => {
    try {
      return await client.query(text, [...parameters]);
    } catch (error) {
      if (sqlStateOf(error) === undefined) lost = true;
      throw error;
    }
  };
  return {
    // Cursors, the other way to query, are not given to the dialect.
    query: query as unknown as PostgresPoolClient['query'],
    release: (destroy) => {
      client.off('error', onError);
      client.release(lost || destroy === true);
    },
  };
}

/** A server without the secrets of its URL. Throws `misconfigured`, without the URL, when it is none. */
export function placeOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    const message = 'write postgres://user:password@host:5432/database';
    throw new Fault('misconfigured', `the URL of PostgreSQL cannot be read: ${message}`, {
      problems: [{ where: 'url', message }],
    });
  }
  return `${parsed.hostname}:${parsed.port || '5432'}${parsed.pathname}`;
}
