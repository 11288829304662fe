import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '@spillway/contracts/fault';
import { inUse, isBusy, type OpenOptions, openDatabase, unusable } from './database.js';

/** A file that this process writes and others may read. */
export interface SharedDatabase {
  readonly database: DatabaseSync;
  /** Closes the file and lets another process write it. */
  close(): void;
}

/**
 * Opens one SQLite file for this process to write, and for any other to read by {@link openReader} meanwhile. That nobody
 * else writes is held by a file beside it, `<path>-owner`, whose lock ends with the process. Throws as `openDatabase` does.
 */
export function openShared(path: string, options: OpenOptions): SharedDatabase {
  const claim = claimOf(path);
  try {
    const database = openDatabase(path, { ...options, readers: true });
    return {
      database,
      close() {
        database.close();
        claim.close();
      },
    };
  } catch (error) {
    claim.close();
    throw error;
  }
}

function claimOf(path: string): DatabaseSync {
  const migrations = ['CREATE TABLE owner (mark INTEGER)'];
  try {
    return openDatabase(`${path}-owner`, { migrations, synchronous: 'normal', pageSize: 4_096 });
  } catch (error) {
    const fault = Fault.from(error);
    throw fault.code === 'unavailable' ? inUse(path, fault) : fault;
  }
}

/** Milliseconds that a writer which closes, or another reader, may be in the way. */
const PATIENCE_MS = 5_000;

/**
 * Opens a file that {@link openShared} made to read it, beside a process that writes it or alone. It is seen as it was at
 * this moment, whatever is written meanwhile: not for long, since the log cannot be cut off before the reader is closed.
 *
 * @throws Fault `missing` where there is no file, `misconfigured` where it is of another version of the schema or cannot be
 * opened, `unavailable` where another process keeps it for itself
 */
export function openReader(path: string, { migrations }: Pick<OpenOptions, 'migrations'>): DatabaseSync {
  if (!existsSync(path)) throw new Fault('missing', `${path} is not there: nothing was written yet`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: PATIENCE_MS });
    database.exec('BEGIN');
    // The first read takes the snapshot.
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as Record<string, number>;
    if (version === migrations.length) return database;
    throw new Fault(
      'misconfigured',
      `${path} was written by another version (${version}, known: ${migrations.length}): start the newer one once`,
    );
  } catch (cause) {
    database?.close();
    if (cause instanceof Fault) throw cause;
    throw isBusy(cause) ? inUse(path, cause) : unusable(path, cause);
  }
}
