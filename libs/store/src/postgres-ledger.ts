import { Fault } from '@spillway/contracts/fault';
import type { Kysely } from 'kysely';
import type { Ledger } from './ledger.js';
import { listOpenAudits, readAudits } from './postgres-ledger/audits.js';
import { connect, type LedgerLogger, placeOf } from './postgres-ledger/connection.js';
import { openingFault, workFault } from './postgres-ledger/faults.js';
import { migrate, migrationsFolder, readMigrations } from './postgres-ledger/migrate.js';
import { monthAt } from './postgres-ledger/month.js';
import { monthPartitions } from './postgres-ledger/months.js';
import { listMessages, listReviews, readCounts, readMessage, readReview } from './postgres-ledger/read.js';
import { readSavings } from './postgres-ledger/savings.js';
import type { Tables } from './postgres-ledger/tables.js';
import { changeWriter } from './postgres-ledger/write.js';
import { writeQueue } from './postgres-ledger/write-queue.js';

export interface PostgresLedgerOptions {
  /** `postgres://user:password@host:5432/database`; TLS as its `sslmode` and `sslrootcert` say. */
  readonly url: string;
  /** Connections at most, beside two for savings and migrations. Default 8. */
  readonly poolSize?: number;
  /** Where the tables are; it is made where it is missing. Default `spillway`. */
  readonly schema?: string;
  /** Told of connections that are lost while they are idle. */
  readonly logger?: LedgerLogger;
}

/** Milliseconds. Beyond it a server is not slow but stuck. */
const STATEMENT_MS = 20_000;
/** Savings add up every message of their span, and a migration may have to wait for another process's. */
const SLOW_STATEMENT_MS = 600_000;
const schemaName = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * Opens the ledger in a PostgreSQL database and brings its schema up to date. Any number of processes may have the same
 * one open. Calls of `apply` that come while others are written share a transaction; one that resolved is on disk as
 * far as the server's `synchronous_commit` promises.
 *
 * Throws `misconfigured`, with what to mend, when the URL, a right, or the schema is wrong, and `unavailable` when the
 * server does not answer. Afterwards, work fails with `unavailable` while the server is away, and goes on when it is
 * back; with `rejected` for a change that PostgreSQL cannot hold, such as money beyond 64 bits.
 */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<Ledger> {
  const { url, poolSize = 8, schema = 'spillway', logger } = options;
  const place = placeOf(url);
  if (!schemaName.test(schema)) {
    throw new Fault('misconfigured', 'the name of a schema is lower-case letters, digits and underscores');
  }
  const migrations = readMigrations(migrationsFolder);
  const pool = { url, schema, logger };
  const database = connect({ ...pool, poolSize, statementTimeoutMs: STATEMENT_MS });
  // Apart, so that a long sum keeps nobody waiting for a connection, and may take its time.
  const slow = connect({ ...pool, poolSize: 2, statementTimeoutMs: SLOW_STATEMENT_MS });
  const months = monthPartitions(database);
  try {
    await migrate(slow, schema, migrations);
    await months.make(monthAt(Date.now()));
  } catch (error) {
    await Promise.all([database.destroy(), slow.destroy()]);
    throw openingFault(error, place);
  }
  return ledgerOn(database, slow, changeWriter(database, months));
}

function ledgerOn(
  database: Kysely<Tables>,
  slow: Kysely<Tables>,
  write: ReturnType<typeof changeWriter>,
): Ledger {
  const queue = writeQueue(write);
  const reads = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  function reading<T>(read: () => Promise<T>): Promise<T> {
    if (closing !== undefined) return Promise.reject(closed());
    const result = read().catch((error: unknown) => {
      throw workFault(error);
    });
    const done = result.catch(() => undefined).finally(() => reads.delete(done));
    reads.add(done);
    return result;
  }

  async function close(): Promise<void> {
    await Promise.all([queue.idle(), ...reads]);
    await Promise.all([database.destroy(), slow.destroy()]);
  }

  return {
    apply: async (changes) => {
      if (closing !== undefined) throw closed();
      await queue.add(changes);
    },
    message: (id) => reading(() => readMessage(database, id)),
    list: (query) => reading(() => listMessages(database, query)),
    reviews: (query) => reading(() => listReviews(database, query)),
    review: (id) => reading(() => readReview(database, id)),
    savings: (query) => reading(() => readSavings(slow, query)),
    openAudits: (query) => reading(() => listOpenAudits(database, query)),
    audits: (query) => reading(() => readAudits(slow, query)),
    counts: () => reading(() => readCounts(database)),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

const closed = (): Fault => new Fault('cancelled', 'the ledger is closed');
