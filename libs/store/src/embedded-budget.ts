import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Fault } from '@spillway/contracts/fault';
import { openDatabase } from '@spillway/sqlite/database';
import { groupCommit } from '@spillway/sqlite/group-commit';
import type { Budget, BudgetCap, CapUsage, Reservation, Reserved } from './budget.js';
import {
  type Counter,
  checkAmount,
  checkCaps,
  counterOf,
  countersOf,
  fullest,
  KEPT_MS,
} from './budget-period.js';

const migrations = [
  `CREATE TABLE counters (
     period TEXT NOT NULL, model TEXT NOT NULL, spent INTEGER NOT NULL, reserved INTEGER NOT NULL,
     expires_at INTEGER NOT NULL, PRIMARY KEY (period, model)
   ) WITHOUT ROWID;
   CREATE INDEX counters_by_expiry ON counters (expires_at);
   CREATE TABLE reservations (
     call_id TEXT NOT NULL PRIMARY KEY, model TEXT NOT NULL, nanos INTEGER NOT NULL, at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE INDEX reservations_by_expiry ON reservations (expires_at);`,
];

export interface EmbeddedBudgetOptions {
  /** The SQLite file; its folder is made where it is missing. */
  readonly path: string;
  readonly caps: readonly BudgetCap[];
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Milliseconds between two looks for what has expired. */
const PURGE_EVERY_MS = 60_000;

/**
 * Opens the budget in one SQLite file, for this process alone. Throws `misconfigured` for caps that cannot be held,
 * `unavailable` when another process holds the file.
 */
export function openEmbeddedBudget({ path, caps, now = Date.now }: EmbeddedBudgetOptions): Budget {
  checkCaps(caps);
  const database = openDatabase(path, { migrations, synchronous: 'normal', pageSize: 4_096 });
  const commits = groupCommit(database);
  const counters = counterTable(database);
  const reservations = reservationTable(database);
  const purge = purger(database, now);

  function reserve(callId: string, model: string, nanos: bigint): Reserved {
    const atMs = Math.floor(now());
    const found = reservations.get(callId, atMs);
    if (found !== undefined) return { state: 'reserved', reservation: found };
    const counted = countersOf(caps, model, atMs);
    const full = counted.filter(({ cap, ...counter }) => {
      const { spent, reserved } = counters.get(counter);
      return cap !== undefined && spent + reserved + nanos > cap.nanos;
    });
    const inTheWay = fullest(full, nanos);
    if (inTheWay !== undefined) return { state: 'full', ...inTheWay };
    const reservation = { callId, model, nanos, atMs };
    for (const counter of counted) counters.add(counter, 0n, nanos);
    reservations.put(reservation);
    purge();
    return { state: 'reserved', reservation };
  }

  function settle({ callId }: Reservation, costNanos: bigint | undefined): void {
    const found = reservations.take(callId, now());
    if (found === undefined || costNanos === undefined) return;
    for (const counter of countersOf(caps, found.model, found.atMs)) {
      counters.add(counter, costNanos, -found.nanos);
    }
  }

  function usageOf(cap: BudgetCap): CapUsage {
    const counter = counterOf(cap, now());
    const { spent, reserved } = counters.get(counter);
    return { cap, spentNanos: spent, reservedNanos: reserved, resetsAtMs: counter.endsAtMs };
  }

  let open = true;
  return {
    async reserve(callId, model, nanos) {
      checkAmount(nanos);
      return commits.run(() => reserve(callId, model, nanos));
    },
    async settle(reservation, costNanos) {
      if (costNanos !== undefined) checkAmount(costNanos);
      return commits.run(() => settle(reservation, costNanos));
    },
    async usage() {
      if (!open) throw new Fault('cancelled', 'the budget is closed');
      try {
        return caps.map(usageOf);
      } catch (cause) {
        throw new Fault('unavailable', 'the budget could not be read', { cause });
      }
    },
    async close() {
      if (!open) return;
      open = false;
      commits.close();
      database.close();
    },
  };
}

/** Amounts are read as they are: nano-dollars of a month can be more than a number holds. */
function prepared(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  return statement;
}

function counterTable(database: DatabaseSync) {
  const select = prepared(database, 'SELECT spent, reserved FROM counters WHERE period = ? AND model = ?');
  const upsert = database.prepare(
    `INSERT INTO counters (period, model, spent, reserved, expires_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (period, model) DO UPDATE SET
       spent = spent + excluded.spent, reserved = reserved + excluded.reserved`,
  );
  return {
    get({ period, model }: Counter): { readonly spent: bigint; readonly reserved: bigint } {
      const row = select.get(period, model) as { spent: bigint; reserved: bigint } | undefined;
      return row ?? { spent: 0n, reserved: 0n };
    },
    add({ period, model, endsAtMs }: Counter, spent: bigint, reserved: bigint): void {
      upsert.run(period, model, spent, reserved, endsAtMs + KEPT_MS);
    },
  };
}

function reservationTable(database: DatabaseSync) {
  type Row = { call_id: string; model: string; nanos: bigint; at: bigint };
  const live = 'WHERE call_id = ? AND expires_at > ?';
  const select = prepared(database, `SELECT call_id, model, nanos, at FROM reservations ${live}`);
  const remove = prepared(database, `DELETE FROM reservations ${live} RETURNING call_id, model, nanos, at`);
  const insert = database.prepare(
    'INSERT OR REPLACE INTO reservations (call_id, model, nanos, at, expires_at) VALUES (?, ?, ?, ?, ?)',
  );
  const reservationOf = (row: Row | undefined): Reservation | undefined =>
    row && { callId: row.call_id, model: row.model, nanos: row.nanos, atMs: Number(row.at) };
  return {
    get: (callId: string, at: number) => reservationOf(select.get(callId, at) as Row | undefined),
    /** Removes it; undefined where it is settled already. */
    take: (callId: string, at: number) => reservationOf(remove.get(callId, at) as Row | undefined),
    put({ callId, model, nanos, atMs }: Reservation): void {
      insert.run(callId, model, nanos, atMs, atMs + KEPT_MS);
    },
  };
}

/** Deletes what has expired, inside a write that happens anyway. */
function purger(database: DatabaseSync, now: () => number): () => void {
  const statements = ['counters', 'reservations'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE expires_at <= ?`),
  );
  let nextAt = now();
  return () => {
    const at = now();
    if (at < nextAt) return;
    for (const statement of statements) statement.run(at);
    nextAt = at + PURGE_EVERY_MS;
  };
}
