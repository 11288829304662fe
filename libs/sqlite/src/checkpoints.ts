import { basename, extname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { Fault } from '@spillway/contracts/fault';

/** Where a thread that failed is told of: a pino logger fits. */
export interface CheckpointLogger {
  warn(fields: object, message: string): void;
}

export interface CheckpointOptions {
  /** Bytes of write-ahead log after which it is copied into the file. */
  readonly logBytes: number;
  readonly logger?: CheckpointLogger | undefined;
  /** Copies into the file what its log holds. Default: in the thread. */
  readonly pass?: (path: string) => Promise<void>;
}

export interface Checkpoints {
  /**
   * To be told of every commit. Gives what the next transaction should wait for, where there is such a thing: it is
   * settled soon, and never rejects.
   */
  committed(): Promise<void> | undefined;
  /** Asks for no more; resolves once the thread has let go of the file. */
  close(): Promise<void>;
}

/** Commits between two looks at the log, which take some microseconds each: a timer would wake a process that idles. */
const LOOK_EVERY = 8;

/**
 * Copies the write-ahead log of a file into it, in a thread: the one that writes waits for no disk.
 *
 * SQLite begins the log anew only when a transaction finds all of it copied, and a pass beside somebody who writes leaves
 * what was written meanwhile. So a second pass copies that, in less time; and while a third copies what is left then, the
 * next transaction waits, though the event loop does not. It waits too when the log has twice the length, so the log
 * stays bounded however slow the disk is. Where the thread fails, that is logged once, and the file's own checkpoints,
 * set to a longer log, do the work.
 */
export function checkpoints(database: DatabaseSync, path: string, options: CheckpointOptions): Checkpoints {
  const { logBytes, logger, pass = passInThread } = options;
  const look = database.prepare('PRAGMA wal_checkpoint(NOOP)');
  const { page_size: pageSize } = database.prepare('PRAGMA page_size').get() as { page_size: number };
  const most = logBytes / pageSize;
  let due = most;
  let commits = 0;
  let rest = false;
  let copying: Promise<void> | undefined;
  let ended = false;

  function pages(): { readonly log: number; readonly left: number } {
    const { log, checkpointed } = look.get() as { log: number; checkpointed: number };
    return { log, left: log - checkpointed };
  }

  async function copy(alone: boolean): Promise<void> {
    await pass(path);
    if (!alone && pages().left > 0) await pass(path);
    const { left } = pages();
    rest = left > 0 && !alone;
    // What is left after a pass alone is kept by someone who reads an older state: asking at once would not help.
    due = most + left;
  }

  function begin(alone: boolean): Promise<void> {
    copying = copy(alone)
      .catch(fail)
      .finally(() => {
        copying = undefined;
      });
    return copying;
  }

  function fail(cause: unknown): void {
    ended = true;
    const { code, message } = Fault.from(cause);
    const fields = { code, reason: message, file: basename(path) };
    logger?.warn(fields, 'checkpoints are made by the thread that writes: the one for them has failed');
  }

  function next(): Promise<void> | undefined {
    if (rest && copying === undefined) return begin(true);
    commits += 1;
    if (commits % LOOK_EVERY !== 0) return undefined;
    const { log, left } = pages();
    if (copying === undefined && left >= due) void begin(false);
    return log >= 2 * most ? copying : undefined;
  }

  return {
    committed() {
      try {
        return ended ? undefined : next();
      } catch (cause) {
        fail(cause);
        return undefined;
      }
    },
    async close() {
      ended = true;
      await copying;
    },
  };
}

interface Asked {
  readonly resolve: () => void;
  readonly reject: (cause: Fault) => void;
}

/** The thread's own heap, MiB: hardly more than Node itself needs. */
const LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };

/** One for all files of the process, from the first that has written enough. */
let thread: Worker | undefined;
const asked: Asked[] = [];

/** Has the thread make one pass over a file. */
function passInThread(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    thread ??= start();
    asked.push({ resolve, reject });
    thread.ref();
    thread.postMessage(path);
  });
}

function start(): Worker {
  const entry = new URL(`./checkpoint-thread${extname(import.meta.url)}`, import.meta.url);
  const started = new Worker(entry, { name: 'checkpoints', execArgv: [], resourceLimits: LIMITS });
  started.on('message', () => {
    asked.shift()?.resolve();
    // Alive only while somebody waits for it.
    if (asked.length === 0) started.unref();
  });
  started.on('error', (cause) => lose(started, cause));
  started.on('exit', () => lose(started, undefined));
  return started;
}

function lose(lost: Worker, cause: unknown): void {
  if (thread !== lost) return;
  thread = undefined;
  const reason = cause === undefined ? 'it has ended' : Fault.from(cause).message;
  const fault = new Fault('unavailable', `the thread of the checkpoints: ${reason}`, { cause });
  for (const { reject } of asked.splice(0)) reject(fault);
}
