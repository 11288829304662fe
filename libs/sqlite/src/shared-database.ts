import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '@spillway/contracts/fault';
import { type CheckpointLogger, type Checkpoints, checkpoints } from './checkpoints.js';
import { inUse, isBusy, LOG_BYTES, type OpenOptions, openDatabase, unusable } from './database.js';
import { type GroupCommit, groupCommit } from './group-commit.js';

export interface SharedOptions extends Omit<OpenOptions, 'shared'> {
  /** Is told once where the thread that makes the checkpoints has failed: a pino logger fits. */
  readonly logger?: CheckpointLogger | undefined;
}

/** A file that this process writes and others may read. */
export interface SharedDatabase {
  readonly database: DatabaseSync;
  readonly writes: GroupCommit;
  /** Commits what is waiting, closes the file and lets another process write it. */
  close(): Promise<void>;
}

/** Lengths of the log, in `logBytes`, at which the thread that writes makes a checkpoint itself: the other has failed. */
const FALLBACK = 4;

/**
 * Opens one SQLite file for this process to write, and for any other to read by {@link openReader} meanwhile. That nobody
 * else writes is held by a file beside it, `<path>-owner`, whose lock ends with the process. Checkpoints are made in a
 * thread. Throws as `openDatabase` does.
 */
export function openShared(path: string, options: SharedOptions): SharedDatabase {
  const { logBytes = LOG_BYTES, logger, ...rest } = options;
  const claim = claimOf(path);
  try {
    const beside = mayCheckpointBeside(process.versions['sqlite']);
    const ownBytes = beside ? FALLBACK * logBytes : logBytes;
    const database = openDatabase(path, { ...rest, logBytes: ownBytes, shared: true });
    const copies: Checkpoints | undefined = beside
      ? checkpoints(database, path, { logBytes, logger })
      : undefined;
    const writes = groupCommit(database, copies?.committed);
    return {
      database,
      writes,
      async close() {
        const copied = copies?.close();
        writes.close();
        await copied;
        database.close();
        claim.close();
      },
    };
  } catch (error) {
    claim.close();
    throw error;
  }
}

/** Before 3.51.3 SQLite can lose a log that is begun anew while another connection makes a checkpoint. */
function mayCheckpointBeside(version = '0'): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major * 1e6 + minor * 1e3 + patch >= 3_051_003;
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
