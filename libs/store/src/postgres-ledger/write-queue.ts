import { Fault } from '@spillway/contracts/fault';
import type { LedgerChange } from '../ledger-change.js';

export interface WriteQueue {
  /** Resolves once the changes are stored, all or none of them. */
  add(changes: readonly LedgerChange[]): Promise<void>;
  /** Resolves once nothing is waiting or under way. */
  idle(): Promise<void>;
}

interface Call {
  readonly changes: readonly LedgerChange[];
  readonly resolve: () => void;
  readonly reject: (fault: Fault) => void;
}

/** Changes in one transaction; a call that brings more has one to itself. */
const BATCH = 500;

/**
 * Stores what many calls bring in few transactions: while one is under way, calls gather for the next. `write` stores
 * changes, all or none. When it finds a batch `rejected`, each call is tried by itself, so that one bad change does not
 * take the others with it.
 */
export function writeQueue(write: (changes: readonly LedgerChange[]) => Promise<void>): WriteQueue {
  const waiting: Call[] = [];
  let running = Promise.resolve();
  let busy = false;

  async function run(): Promise<void> {
    while (waiting.length > 0) await settle(takeBatch(waiting), write);
    busy = false;
  }

  return {
    add: (changes) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ changes, resolve, reject });
        if (busy) return;
        busy = true;
        // In the next turn: what this turn brings shares the first batch.
        running = new Promise((done) => setImmediate(done)).then(run);
      }),
    idle: () => running,
  };
}

function takeBatch(waiting: Call[]): readonly Call[] {
  let size = 0;
  const end = waiting.findIndex(({ changes }, index) => {
    size += changes.length;
    return index > 0 && size > BATCH;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}

async function settle(
  calls: readonly Call[],
  write: (changes: readonly LedgerChange[]) => Promise<void>,
): Promise<void> {
  try {
    await write(calls.flatMap(({ changes }) => changes));
    for (const { resolve } of calls) resolve();
  } catch (error) {
    const fault = Fault.from(error);
    if (fault.code === 'rejected' && calls.length > 1) {
      for (const call of calls) await settle([call], write);
    } else for (const { reject } of calls) reject(fault);
  }
}
