import { Fault } from '@spillway/contracts/fault';
import { openDatabase } from '@spillway/sqlite/database';
import { groupCommit } from '@spillway/sqlite/group-commit';
import { auditReader } from './embedded-ledger/audits.js';
import { counter, messageLister, messageReader, reviewReader } from './embedded-ledger/read.js';
import { savingsReader } from './embedded-ledger/savings.js';
import { migrations } from './embedded-ledger/schema.js';
import { ledgerWriter } from './embedded-ledger/write.js';
import type { Ledger } from './ledger.js';

export interface EmbeddedLedgerOptions {
  /** The SQLite file; its folder is made where it is missing. */
  readonly path: string;
  /** `normal` (the default) survives a crash of the process, `full` loss of power too, at one disk flush a batch. */
  readonly synchronous?: 'full' | 'normal';
}

/**
 * Opens the ledger in one SQLite file, for this process alone. Changes of one turn of the event loop share one
 * transaction. Throws `unavailable` when another process holds the file.
 */
export function openEmbeddedLedger(options: EmbeddedLedgerOptions): Ledger {
  const database = openDatabase(options.path, {
    migrations,
    synchronous: options.synchronous ?? 'normal',
  });
  const commits = groupCommit(database);
  const { savings, changed } = savingsReader(database);
  const writer = ledgerWriter(database, changed);
  const reader = messageReader(database);
  const list = messageLister(database, reader.view);
  const { review, reviews } = reviewReader(database);
  const audits = auditReader(database);
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
    async apply(changes) {
      try {
        await commits.run(() => {
          for (const change of changes) writer.apply(change);
        });
      } catch (error) {
        writer.forget();
        throw error;
      }
    },
    message: (id) => reading(() => reader.message(id)),
    list: (query) => reading(() => list(query)),
    reviews: (query) => reading(() => reviews(query)),
    review: (id) => reading(() => review(id)),
    savings: (query) => reading(() => savings(query)),
    audits: (query) => reading(() => audits(query)),
    counts: () => reading(counts),
    close: async () => {
      if (!open) return;
      open = false;
      commits.close();
      database.close();
    },
  };
}
