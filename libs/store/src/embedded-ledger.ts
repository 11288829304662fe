import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '@spillway/contracts/fault';
import type { CheckpointLogger } from '@spillway/sqlite/checkpoints';
import { openReader, openShared } from '@spillway/sqlite/shared-database';
import { auditReader, openAuditReader } from './embedded-ledger/audits.js';
import { counter, messageLister, messageReader, reviewReader } from './embedded-ledger/read.js';
import { savingsReader } from './embedded-ledger/savings.js';
import { migrations } from './embedded-ledger/schema.js';
import { ledgerWriter } from './embedded-ledger/write.js';
import type { Ledger, LedgerReader } from './ledger.js';

export interface EmbeddedLedgerOptions {
  /** The SQLite file; its folder is made where it is missing. */
  readonly path: string;
  /** `normal` (the default) survives a crash of the process, `full` loss of power too, at one disk flush a batch. */
  readonly synchronous?: 'full' | 'normal';
  readonly logger?: CheckpointLogger;
}

/**
 * Opens the ledger in one SQLite file, which this process alone writes; others may read it. Changes of one turn of the
 * event loop share one transaction. Throws `unavailable` when another process holds the file.
 */
export function openEmbeddedLedger(options: EmbeddedLedgerOptions): Ledger {
  const { database, writes, close } = openShared(options.path, {
    migrations,
    synchronous: options.synchronous ?? 'normal',
    logger: options.logger,
  });
  const { changed, ...reads } = readsOf(database, close);
  const writer = ledgerWriter(database, changed);
  return {
    ...reads,
    apply: (changes) =>
      writes
        .run(() => {
          for (const change of changes) writer.apply(change);
        })
        .catch((error: unknown) => {
          writer.forget();
          throw error;
        }),
  };
}

/**
 * Opens the ledger to read it as it is now, beside the process that writes it. Throws `missing` where there is none yet,
 * `misconfigured` where another version wrote it.
 */
export function openEmbeddedLedgerReader({ path }: Pick<EmbeddedLedgerOptions, 'path'>): LedgerReader {
  const database = openReader(path, { migrations });
  const { changed: _, ...reads } = readsOf(database, async () => database.close());
  return reads;
}

interface Reads extends LedgerReader {
  /** To be told of every message that is written. */
  readonly changed: (seq: number) => void;
}

function readsOf(database: DatabaseSync, close: () => Promise<void>): Reads {
  const { savings, changed } = savingsReader(database);
  const reader = messageReader(database);
  const list = messageLister(database, reader.view);
  const { review, reviews } = reviewReader(database);
  const audits = auditReader(database);
  const openAudits = openAuditReader(database);
  const counts = counter(database);
  let open = true;

  async function reading<T>(read: () => T | Promise<T>): Promise<T> {
    if (!open) throw new Fault('cancelled', 'the ledger is closed');
    try {
      return await read();
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      throw new Fault('unavailable', 'the ledger could not be read', { cause });
    }
  }

  return {
    changed,
    message: (id) => reading(() => reader.message(id)),
    list: (query) => reading(() => list(query)),
    reviews: (query) => reading(() => reviews(query)),
    review: (id) => reading(() => review(id)),
    savings: (query) => reading(() => savings(query)),
    openAudits: (query) => reading(() => openAudits(query)),
    audits: (query) => reading(() => audits(query)),
    counts: () => reading(counts),
    close: async () => {
      if (!open) return;
      open = false;
      await close();
    },
  };
}
