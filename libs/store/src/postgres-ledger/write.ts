import { setTimeout as wait } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { LedgerChange } from '../ledger-change.js';
import { NO_PARTITION, sqlStateOf, workFault } from './faults.js';
import type { MonthRows } from './month-rows.js';
import type { Months } from './months.js';
import { rowsByMonth } from './rows.js';
import type { Tables } from './tables.js';

/** Serialization failure, deadlock, and a month whose partition was removed: the same again can go well. */
const passing = new Set(['40001', '40P01', NO_PARTITION]);
const ATTEMPTS = 5;
/** Milliseconds, for each attempt so far, in which the next one starts. */
const PAUSE_MS = 20;

/** Stores changes, all or none, in one transaction. The result rejects with `rejected` or `unavailable`. */
export function changeWriter(database: Kysely<Tables>, months: Months) {
  async function store(rows: readonly MonthRows[]): Promise<void> {
    for (const { month } of rows) await months.make(month);
    const [only] = rows;
    // A statement is a transaction, without the two round trips to begin and end one.
    if (only !== undefined && rows.length === 1) return storeMonth(database, only);
    await database.transaction().execute(async (transaction) => {
      for (const ofMonth of rows) await storeMonth(transaction, ofMonth);
    });
  }

  return async (changes: readonly LedgerChange[]): Promise<void> => {
    const rows = rowsByMonth(changes);
    if (rows.length === 0) return;
    for (let attempt = 1; ; attempt++) {
      try {
        return await store(rows);
      } catch (error) {
        const state = sqlStateOf(error) ?? '';
        if (attempt === ATTEMPTS || !passing.has(state)) throw workFault(error);
        if (state === NO_PARTITION) months.forget();
        await wait(Math.random() * PAUSE_MS * attempt);
      }
    }
  };
}

/** Each function relies on what those before it have stored. What is seldom has its own, which is left out mostly. */
async function storeMonth(database: Kysely<Tables>, rows: MonthRows): Promise<void> {
  const { month, messages, contents, steps, decisions, replies, reviews, deadLetters } = rows;
  const tables = [messages, contents, steps, decisions, replies, reviews, deadLetters];
  const calls = [sql`apply_changes(${month}::integer, ${jsonOf(tables)})`];
  const { audits, alarms, auditRequests, waits, replays, touched } = rows;
  if (audits.size + alarms.size > 0) {
    calls.push(sql`apply_audits(${month}::integer, ${jsonOf([audits, alarms])})`);
  }
  if (auditRequests.size + waits.size + audits.size > 0) {
    calls.push(sql`apply_requests(${month}::integer, ${jsonOf([auditRequests, waits, audits])})`);
  }
  if (replays.size + deadLetters.size + touched.size > 0) {
    const ids = JSON.stringify([...touched]);
    calls.push(sql`apply_replays(${month}::integer, ${jsonOf([replays, deadLetters])}, ${ids}::json)`);
  }
  await sql`SELECT ${sql.join(calls)}`.execute(database);
}

const jsonOf = (tables: readonly ReadonlyMap<string, object>[]) =>
  sql.join(tables.map((table) => sql`${rowsJson(table)}::json`));

const rowsJson = (rows: ReadonlyMap<string, object>): string | null =>
  rows.size === 0 ? null : JSON.stringify([...rows.values()]);
