import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '@spillway/contracts/fault';
import type { CheckpointLogger } from '@spillway/sqlite/checkpoints';
import { openShared } from '@spillway/sqlite/shared-database';
import type { Alarm, Change, Claim, Entry, KeyedState } from './keyed-state.js';
import { isAny, sharedSlotTag } from './slot-tag.js';

const migrations = [
  `CREATE TABLE entries (
     key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, version INTEGER NOT NULL, expires_at INTEGER
   );
   CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
   CREATE TABLE claims (
     key TEXT NOT NULL PRIMARY KEY, fence INTEGER NOT NULL, lease_until INTEGER NOT NULL, result BLOB,
     expires_at INTEGER NOT NULL
   );
   CREATE INDEX claims_by_expiry ON claims (expires_at);
   CREATE TABLE alarms (key TEXT NOT NULL PRIMARY KEY, at INTEGER NOT NULL, payload BLOB NOT NULL);
   CREATE INDEX alarms_by_time ON alarms (at);
   CREATE TABLE openings (count INTEGER NOT NULL);
   INSERT INTO openings VALUES (0);`,
];

export interface EmbeddedKeyedStateOptions {
  /** The SQLite file; its folder is made where it is missing. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** `normal` (the default) survives a crash of the process, `full` loss of power too, at one disk flush a batch. */
  readonly synchronous?: 'full' | 'normal';
  /**
   * Leases end with the opening of the file that they were given in: the file is one process's, so their owners are gone,
   * and nobody need wait for a call that a crash broke off. Default: they last as long as they were given for.
   */
  readonly endLeases?: boolean;
  readonly logger?: CheckpointLogger;
}

interface Numbers {
  /** Every number of this opening is greater, every earlier one is not. */
  readonly before: number;
  /** A number that no entry and no claim of this file ever had: greater than all before. */
  next(): number;
}

/** An abandoned claim is kept this long after its lease, so that an owner who is only slow can still complete it. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;
const PURGE_EVERY_MS = 1000;
const PURGE_ROWS = 200;

/**
 * Opens keyed state in one SQLite file, for this process alone. Operations of one turn of the event loop share one
 * transaction. Throws `unavailable` when another process holds the file.
 */
export function openEmbeddedKeyedState(options: EmbeddedKeyedStateOptions): KeyedState {
  const { database, writes, close } = openShared(options.path, {
    migrations,
    synchronous: options.synchronous ?? 'normal',
    pageSize: 4_096,
    logger: options.logger,
  });
  // Keys are spread over the whole file: with the default of 2 MiB every other put reads a page.
  database.exec('PRAGMA cache_size = -16000');
  const now = options.now ?? Date.now;
  const numbers = numbersOf(database);
  const entries = entryTable(database, numbers, now);
  const claims = claimTable(database, numbers, now, options.endLeases === true ? numbers.before : 0);
  const alarms = alarmTable(database);
  const purge = purger(database, now);
  let open = true;

  /** Reads take no part in the transaction: they see what is committed. */
  async function reading<T>(read: () => T): Promise<T> {
    if (!open) throw new Fault('cancelled', 'the keyed state is closed');
    try {
      return read();
    } catch (cause) {
      throw new Fault('unavailable', 'the keyed state could not be read', { cause });
    }
  }

  return {
    get: (key) => reading(() => entries.get(key)),
    write: (changes) =>
      writes.run(() => {
        if (isAny(changes)) sharedSlotTag(changes);
        const alone = soleCondition(changes);
        if (alone === undefined) for (const put of changes.filter(isConditional)) entries.check(put);
        const won = alone === undefined ? 0 : entries.putWhere(alone);
        const versions: number[] = [];
        for (const change of changes) {
          if (change.kind === 'put') versions.push(change === alone ? won : entries.put(change));
          else if (change.kind === 'delete') entries.remove(change.key);
          else alarms.apply(change);
        }
        purge();
        return versions;
      }),
    claim: (key, leaseMs) => writes.run(() => claims.claim(key, leaseMs)),
    renew: (key, fence, leaseMs) => writes.run(() => claims.renew(key, fence, leaseMs)),
    complete: (key, fence, result, ttlMs) =>
      writes.run(() => {
        claims.complete(key, fence, result, ttlMs);
        purge();
      }),
    release: (key, fence) => writes.run(() => claims.release(key, fence)),
    due: (at, limit) => reading(() => alarms.due(at, limit)),
    close: async () => {
      if (!open) return;
      open = false;
      await close();
    },
  };
}

/**
 * Versions and fences. Each opening of the file starts a range of its own, so that handing out a number costs no write
 * and an entry that was deleted and made anew never has an old version again.
 */
function numbersOf(database: DatabaseSync): Numbers {
  const row = database.prepare('UPDATE openings SET count = count + 1 RETURNING count').get() as {
    count: number;
  };
  const before = row.count * 2 ** 32;
  let last = before;
  return { before, next: () => ++last };
}

type Put = Extract<Change, { kind: 'put' }>;
type ConditionalPut = Put & { readonly expect: number };

/** The only condition of a write, which can then find out by being written first: no other change is about its key. */
function soleCondition(changes: readonly Change[]): ConditionalPut | undefined {
  const conditional = changes.filter(isConditional);
  const [first] = conditional;
  if (first === undefined || conditional.length > 1) return undefined;
  return changes.some((change) => change !== first && change.key === first.key) ? undefined : first;
}

const isConditional = (change: Change): change is ConditionalPut =>
  change.kind === 'put' && change.expect !== undefined;

function entryTable(database: DatabaseSync, numbers: Numbers, now: () => number) {
  const live = '(expires_at IS NULL OR expires_at > ?)';
  const select = database.prepare(`SELECT value, version FROM entries WHERE key = ? AND ${live}`);
  const selectVersion = database.prepare(`SELECT version FROM entries WHERE key = ? AND ${live}`);
  const upsert = database.prepare(
    `INSERT INTO entries (key, value, version, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET
       value = excluded.value, version = excluded.version, expires_at = excluded.expires_at`,
  );
  const insert = database.prepare(
    `INSERT INTO entries (key, value, version, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET
       value = excluded.value, version = excluded.version, expires_at = excluded.expires_at
     WHERE NOT ${live}`,
  );
  const update = database.prepare(
    `UPDATE entries SET value = ?, version = ?, expires_at = ? WHERE key = ? AND version = ? AND ${live}`,
  );
  const remove = database.prepare('DELETE FROM entries WHERE key = ?');

  function versionOf(key: string): number {
    const row = selectVersion.get(key, now()) as { version: number } | undefined;
    return row?.version ?? 0;
  }

  const conflict = ({ key, expect }: ConditionalPut, version: number): Fault =>
    new Fault('conflict', `${key} has version ${version}, not ${expect}`);

  const expiryOf = ({ ttlMs }: Put): number | null => (ttlMs === undefined ? null : Math.ceil(now() + ttlMs));

  return {
    check(put: ConditionalPut): void {
      const version = versionOf(put.key);
      if (version !== put.expect) throw conflict(put, version);
    },
    /** The version that the entry got; throws `conflict`, having written nothing, when another than `expect` stands. */
    putWhere(put: ConditionalPut): number {
      const { key, value, expect } = put;
      const version = numbers.next();
      const { changes } =
        expect === 0
          ? insert.run(key, value, version, expiryOf(put), now())
          : update.run(value, version, expiryOf(put), key, expect, now());
      if (changes === 0) throw conflict(put, versionOf(key));
      return version;
    },
    get(key: string): Entry | undefined {
      const row = select.get(key, now()) as { value: Uint8Array; version: number } | undefined;
      return row && { value: row.value, version: row.version };
    },
    /** The version that the entry got. */
    put(put: Put): number {
      const version = numbers.next();
      upsert.run(put.key, put.value, version, expiryOf(put));
      return version;
    },
    remove(key: string): void {
      remove.run(key);
    },
  };
}

/** Leases of fences up to `ended` are over. */
function claimTable(database: DatabaseSync, numbers: Numbers, now: () => number, ended: number) {
  const select = database.prepare(
    'SELECT fence, lease_until, result FROM claims WHERE key = ? AND expires_at > ?',
  );
  const take = database.prepare(
    `INSERT INTO claims (key, fence, lease_until, result, expires_at) VALUES (?, ?, ?, NULL, ?)
     ON CONFLICT (key) DO UPDATE SET
       fence = excluded.fence, lease_until = excluded.lease_until, result = NULL, expires_at = excluded.expires_at`,
  );
  const extend = database.prepare(
    'UPDATE claims SET lease_until = ?, expires_at = ? WHERE key = ? AND fence = ? AND result IS NULL',
  );
  const finish = database.prepare('UPDATE claims SET result = ?, expires_at = ? WHERE key = ? AND fence = ?');
  const drop = database.prepare('DELETE FROM claims WHERE key = ? AND fence = ? AND result IS NULL');
  const taken = (key: string): Fault => new Fault('conflict', `${key} was claimed by someone else`);
  return {
    claim(key: string, leaseMs: number): Claim {
      const at = now();
      const row = select.get(key, at) as
        | { fence: number; lease_until: number; result: Uint8Array | null }
        | undefined;
      if (row !== undefined && row.result !== null) return { state: 'done', result: row.result };
      if (row !== undefined && row.lease_until > at && row.fence > ended) {
        return { state: 'busy', until: row.lease_until };
      }
      const fence = numbers.next();
      const until = Math.ceil(at + leaseMs);
      take.run(key, fence, until, until + ABANDONED_MS);
      return { state: 'claimed', fence };
    },
    renew(key: string, fence: number, leaseMs: number): void {
      const until = Math.ceil(now() + leaseMs);
      if (extend.run(until, until + ABANDONED_MS, key, fence).changes === 0) throw taken(key);
    },
    complete(key: string, fence: number, result: Uint8Array, ttlMs: number): void {
      const { changes } = finish.run(result, Math.ceil(now() + ttlMs), key, fence);
      if (changes === 0) throw taken(key);
    },
    release(key: string, fence: number): void {
      drop.run(key, fence);
    },
  };
}

function alarmTable(database: DatabaseSync) {
  const arm = database.prepare(
    `INSERT INTO alarms (key, at, payload) VALUES (?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET at = excluded.at, payload = excluded.payload`,
  );
  const disarm = database.prepare('DELETE FROM alarms WHERE key = ?');
  const due = database.prepare('SELECT key, at, payload FROM alarms WHERE at <= ? ORDER BY at, key LIMIT ?');
  return {
    apply(change: Extract<Change, { kind: 'arm' | 'disarm' }>): void {
      if (change.kind === 'arm') arm.run(change.key, Math.ceil(change.at), change.payload);
      else disarm.run(change.key);
    },
    due: (at: number, limit: number) => due.all(Math.floor(at), limit) as unknown as readonly Alarm[],
  };
}

/** Deletes what has expired, a few rows at a time inside a write that happens anyway: no timer, no long stop. */
function purger(database: DatabaseSync, now: () => number): () => void {
  const statements = ['entries', 'claims'].map((table) =>
    database.prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE expires_at <= ? LIMIT ${PURGE_ROWS})`,
    ),
  );
  let nextAt = now();
  return () => {
    const at = now();
    if (at < nextAt) return;
    const full = statements.map((statement) => statement.run(at).changes === PURGE_ROWS);
    nextAt = full.includes(true) ? at : at + PURGE_EVERY_MS;
  };
}
