import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkpoints } from './checkpoints.js';
import { openDatabase } from './database.js';
import { openReader, openShared } from './shared-database.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const migrations = ['CREATE TABLE pieces (n INTEGER PRIMARY KEY, piece BLOB NOT NULL) STRICT'];
const MIB = 2 ** 20;
const PIECE = 16_000;

function open(name: string, logBytes = MIB) {
  const path = join(folder, name, 'a.db');
  const warn = vi.fn();
  const file = openShared(path, { migrations, synchronous: 'normal', logBytes, logger: { warn } });
  const insert = file.database.prepare('INSERT INTO pieces (piece) VALUES (zeroblob(?))');
  let longest = 0;
  return {
    ...file,
    path,
    warn,
    /** Bytes of the longest log so far. */
    longest: () => longest,
    /** So many bytes, a commit for each piece, without a pause. */
    async write(bytes: number) {
      for (let written = 0; written < bytes; written += PIECE) {
        await file.writes.run(() => insert.run(PIECE));
        longest = Math.max(longest, statSync(`${path}-wal`).size);
      }
    },
    pieces: () => file.database.prepare('SELECT count(*) AS n FROM pieces').get()?.['n'],
  };
}

/** Threads that were started since the test began. */
const threads: Worker[] = [];
process.on('worker', (worker: Worker) => threads.push(worker));
beforeEach(() => {
  threads.length = 0;
});

const source = (path: string): string => new URL(path, import.meta.url).href;
const writer = (path: string, ...rest: string[]) =>
  spawn(
    process.execPath,
    [
      '--no-warnings',
      '--conditions=spillway-source',
      '--experimental-transform-types',
      '--import',
      source('../../../tools/from-source.mjs'),
      new URL('./testing/checkpointed-writer.ts', import.meta.url).pathname,
      path,
      ...rest,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );

describe('checkpoints', () => {
  it('need no thread where little is written', async () => {
    for (let time = 0; time < 20; time += 1) {
      const file = open('little');
      await file.write(3 * PIECE);
      await file.close();
    }
    expect(threads.length).toBe(0);
  });

  it('are made by one thread for all files', async () => {
    const files = ['one', 'two'].map((name) => open(name));
    for (const file of files) await file.write(4 * MIB);
    for (const file of files) await file.close();
    expect(threads.length).toBe(1);
  });

  it('keep the log bounded where it is written without a pause', async () => {
    const file = open('long');
    await file.write(24 * MIB);
    // Twice the length at which it is copied, and the commits until the next look, of three or four pages each.
    expect(file.longest()).toBeLessThan(2 * MIB + 9 * 4 * 8_192);
    expect(file.warn).not.toHaveBeenCalled();
    await file.close();
  });

  it('have a transaction wait for what was written beside two passes, and then the log begins anew', async () => {
    const path = join(folder, 'alone.db');
    const database = openDatabase(path, { migrations, synchronous: 'normal', shared: true });
    const [other, reader] = [new DatabaseSync(path), new DatabaseSync(path)];
    const insert = () => database.exec(`INSERT INTO pieces (piece) VALUES (zeroblob(${PIECE}))`);
    // What is written after this stands for what is written while a pass goes on.
    reader.exec('BEGIN; SELECT * FROM pieces');
    let passes = 0;
    const pass = async () => {
      passes += 1;
      if (passes === 3) reader.exec('COMMIT');
      other.exec('PRAGMA wal_checkpoint(PASSIVE)');
    };
    const copies = checkpoints(database, path, { logBytes: MIB, pass });
    const length = () => Number(other.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.['log']);
    while (passes < 2) {
      insert();
      expect(copies.committed()).toBe(undefined);
      await new Promise(setImmediate);
    }
    const long = length();
    insert();
    await copies.committed();
    expect(passes).toBe(3);
    insert();
    expect(length()).toBeLessThan(long / 10);
    await copies.close();
    for (const connection of [other, reader, database]) connection.close();
  });

  it('have the file closed only when the pass that is under way has ended', async () => {
    const path = join(folder, 'under-way.db');
    const database = openDatabase(path, { migrations, synchronous: 'normal', shared: true });
    const { promise, resolve } = Promise.withResolvers<void>();
    const pass = vi.fn(() => promise);
    const copies = checkpoints(database, path, { logBytes: 0, pass });
    while (pass.mock.calls.length === 0) void copies.committed();
    const closed = vi.fn();
    const closing = copies.close().then(closed);
    await new Promise(setImmediate);
    expect(closed).not.toHaveBeenCalled();
    resolve();
    await closing;
    database.close();
  });

  it('go on where somebody reads an older state meanwhile, and cut the log off once that has ended', async () => {
    const file = open('read');
    await file.write(PIECE);
    const reader = openReader(file.path, { migrations });
    await file.write(6 * MIB);
    const then = file.longest();
    expect(then).toBeGreaterThan(6 * MIB);
    reader.close();
    await file.write(12 * MIB);
    expect(file.longest()).toBeLessThan(then + 2 * MIB);
    await file.close();
  });

  it('leave nothing but the file when it is closed, and have all of it there', async () => {
    const file = open('closed');
    await file.write(2 * MIB);
    const written = file.pieces();
    await file.close();
    expect(readdirSync(join(file.path, '..')).sort()).toEqual(['a.db', 'a.db-owner']);
    const again = open('closed');
    expect(again.pieces()).toBe(written);
    await again.close();
  });

  it('are made by the one who writes where the thread fails, which is told once', async () => {
    const file = open('moved');
    await file.write(PIECE);
    mkdirSync(join(folder, 'elsewhere'));
    renameSync(file.path, join(folder, 'elsewhere', 'a.db'));
    await file.write(20 * MIB);
    expect(file.longest()).toBeGreaterThan(4 * MIB - PIECE);
    expect(file.longest()).toBeLessThan(5 * MIB);
    expect(file.warn.mock.calls).toEqual([
      [
        { code: 'unavailable', file: 'a.db', reason: expect.stringContaining('unable to open') },
        expect.stringContaining('has failed'),
      ],
    ]);
    await file.close();
    const other = open('unmoved');
    await other.write(2 * MIB);
    await other.close();
    expect(other.warn).not.toHaveBeenCalled();
  });

  it('keep no process alive', async () => {
    const child = writer(join(folder, 'ends', 'a.db'), '200');
    child.stdout.resume();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('lose nothing that was committed when the process is killed amid them', async () => {
    const path = join(folder, 'killed', 'a.db');
    for (const after of [90, 210, 330]) {
      const child = writer(path);
      const exit = once(child, 'exit');
      let committed = 0;
      let seen = 0;
      for await (const line of createInterface(child.stdout)) {
        committed = Number(line);
        seen += 1;
        if (seen === after) child.kill('SIGKILL');
      }
      expect(await exit).toEqual([null, 'SIGKILL']);
      const database = new DatabaseSync(path);
      expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
      const found = database.prepare('SELECT count(*) AS count, max(n) AS last FROM pieces').get();
      expect(found?.['count']).toBe(found?.['last']);
      expect(found?.['last']).toBeGreaterThanOrEqual(committed);
      database.close();
    }
  });
});
