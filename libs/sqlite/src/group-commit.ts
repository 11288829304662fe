import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '@spillway/contracts/fault';

export interface GroupCommit {
  /**
   * Runs `operation` inside the next transaction, in the order of the calls, and resolves with its result once that
   * transaction is committed. An operation is synchronous and throws, if it must, before its first write: its own
   * promise rejects and the others of the batch are not touched.
   */
  run<T>(operation: () => T): Promise<T>;
  /** Commits what is waiting; afterwards `run` throws `cancelled`. */
  close(): void;
}

interface Waiting {
  readonly operation: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Fault) => void;
}

type Settled = { readonly value: unknown } | { readonly error: Fault };

/**
 * Gathers the operations of one turn of the event loop into one transaction: a commit costs far more than a row.
 * `committed` is told of every transaction, and the next one waits for what it gives, which must not reject.
 */
export function groupCommit(
  database: DatabaseSync,
  committed: () => Promise<void> | undefined = () => undefined,
): GroupCommit {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  let waiting: Waiting[] = [];
  let scheduled = false;
  let held = false;
  let closed = false;

  function settle(batch: readonly Waiting[]): readonly Settled[] {
    begin.run();
    const results = batch.map(({ operation }): Settled => {
      try {
        return { value: operation() };
      } catch (error) {
        // A full disk ends the transaction behind our back: what follows would be committed by itself, and half a batch
        // would stand.
        if (!database.isTransaction) throw error;
        return { error: Fault.from(error) };
      }
    });
    commit.run();
    return results;
  }

  function schedule(): void {
    if (scheduled || held || waiting.length === 0) return;
    scheduled = true;
    setImmediate(flush);
  }

  function hold(until: Promise<void> | undefined): void {
    if (until === undefined) return;
    held = true;
    void until.then(() => {
      held = false;
      schedule();
    });
  }

  function flush(): void {
    scheduled = false;
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    let results: readonly Settled[];
    try {
      results = settle(batch);
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK');
      const fault = new Fault('unavailable', 'the database could not commit', { cause });
      for (const { reject } of batch) reject(fault);
      return;
    }
    batch.forEach(({ resolve, reject }, index) => {
      const result = results[index] as Settled;
      if ('error' in result) reject(result.error);
      else resolve(result.value as never);
    });
    hold(committed());
  }

  return {
    run<T>(operation: () => T): Promise<T> {
      if (closed) return Promise.reject(new Fault('cancelled', 'the database is closed'));
      return new Promise<T>((resolve, reject) => {
        waiting.push({ operation, resolve: resolve as (value: never) => void, reject });
        schedule();
      });
    },
    close(): void {
      closed = true;
      flush();
    },
  };
}
