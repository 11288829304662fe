import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '@spillway/contracts/fault';
import { makeFolder } from './folder.js';

export interface OpenOptions {
  /** Numbered steps; `migrations[n]` lifts the schema from version n to n + 1. Never edit one that was released. */
  readonly migrations: readonly string[];
  /**
   * `full`: a commit survives loss of power. `normal`: it survives a crash of the process, and loss of power may
   * take the last commits.
   */
  readonly synchronous: 'full' | 'normal';
  /**
   * Bytes of a page of a file that is new; one that is there keeps its own. Default 8,192, which suits appends: rows
   * that are written here and there are cheaper with 4,096, since each write logs a whole page.
   */
  readonly pageSize?: number;
  /** Bytes of write-ahead log after which it is copied into the file. Default 32 MiB. */
  readonly logBytes?: number;
  /**
   * Lets other connections in, which costs a shared-memory file beside it. It no longer keeps a second writer out:
   * whoever opens it so has a claim on it first.
   */
  readonly shared?: boolean;
}

/** Milliseconds that a reader which mends the log after a crash may be in the way. */
const MENDING_MS = 2_000;

/** Default of `logBytes`. */
export const LOG_BYTES = 32 * 2 ** 20;

/**
 * Opens one SQLite file for this process in write-ahead mode, creates its folder, and migrates it.
 * Throws `unavailable` when another process holds the file, `misconfigured` when the file is of a newer version or cannot
 * be opened, with the reason.
 */
export function openDatabase(path: string, options: OpenOptions): DatabaseSync {
  const database = openFile(path);
  const { pageSize = 8_192, logBytes = LOG_BYTES } = options;
  try {
    // Larger pages and rarer checkpoints than SQLite's defaults: half the time for an append.
    database.exec(`PRAGMA page_size = ${pageSize}; PRAGMA wal_autocheckpoint = ${logBytes / pageSize};`);
    // Exclusive: the embedded drivers serve one process, and SQLite then needs no shared-memory file.
    const [mode, patience] = options.shared ? ['NORMAL', MENDING_MS] : ['EXCLUSIVE', 0];
    database.exec(`PRAGMA busy_timeout = ${patience}; PRAGMA locking_mode = ${mode};`);
    database.exec('PRAGMA journal_mode = WAL;');
    database.exec(`PRAGMA synchronous = ${options.synchronous}; PRAGMA temp_store = MEMORY;`);
    migrate(database, options.migrations);
    return database;
  } catch (cause) {
    database.close();
    if (cause instanceof Fault) throw cause;
    if (isBusy(cause)) throw inUse(path, cause);
    throw unusable(path, cause);
  }
}

export const isBusy = (cause: unknown): boolean =>
  cause instanceof Error && /locked|busy/i.test(cause.message);

export const inUse = (path: string, cause: unknown): Fault =>
  new Fault('unavailable', `${path} is in use by another process: the embedded drivers serve one process`, {
    cause,
  });

function openFile(path: string): DatabaseSync {
  try {
    makeFolder(dirname(path));
    return new DatabaseSync(path);
  } catch (cause) {
    throw unusable(path, cause);
  }
}

export const unusable = (path: string, cause: unknown): Fault =>
  new Fault('misconfigured', `${path} cannot be opened as a database: ${Fault.from(cause).message}`, {
    cause,
  });

function migrate(database: DatabaseSync, migrations: readonly string[]): void {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (row.user_version > migrations.length) {
    throw new Fault(
      'misconfigured',
      `the data was written by a newer version (${row.user_version}, known: ${migrations.length})`,
    );
  }
  database.exec('BEGIN IMMEDIATE');
  for (const step of migrations.slice(row.user_version)) database.exec(step);
  database.exec(`PRAGMA user_version = ${migrations.length}`);
  database.exec('COMMIT');
}
