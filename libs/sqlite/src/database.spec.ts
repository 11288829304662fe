import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase } from './database.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const first = 'CREATE TABLE notes (text TEXT NOT NULL)';
const second = 'ALTER TABLE notes ADD COLUMN author TEXT';
const open = (path: string, migrations: readonly string[] = [first]) =>
  openDatabase(path, { migrations, synchronous: 'normal' });

/** Another process that holds the file until it is told to let go. */
async function holder(path: string) {
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(${JSON.stringify(path)});
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    process.stdout.write('held');
    process.stdin.on('data', () => process.exit());`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.write('go');
    await once(child, 'exit');
  };
}

describe('openDatabase', () => {
  it('creates folder and file, in write-ahead mode', () => {
    const database = open(join(folder, 'deep', 'er', 'a.db'));
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 1 });
    expect(database.prepare('SELECT * FROM notes').all()).toEqual([]);
    database.close();
  });

  it('makes pages as large as asked for, and keeps those of a file that is there', () => {
    const path = join(folder, 'pages.db');
    for (const pageSize of [4_096, 8_192]) {
      const database = openDatabase(path, { migrations: [first], synchronous: 'normal', pageSize });
      expect(database.prepare('PRAGMA page_size').get()).toEqual({ page_size: 4_096 });
      database.close();
    }
  });

  it('runs each migration once, and keeps what is there', () => {
    const path = join(folder, 'b.db');
    const before = open(path);
    before.exec("INSERT INTO notes VALUES ('kept')");
    before.close();
    for (let time = 0; time < 2; time += 1) {
      const after = open(path, [first, second]);
      expect(after.prepare('SELECT * FROM notes').all()).toEqual([{ text: 'kept', author: null }]);
      after.close();
    }
  });

  it('leaves the file as it was when a migration fails', () => {
    const path = join(folder, 'c.db');
    open(path).close();
    expect(() => open(path, [first, `${second}; NONSENSE`])).toThrow(
      expect.objectContaining({ code: 'misconfigured' }),
    );
    const after = open(path, [first, second]);
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
    after.close();
  });

  it('refuses data of a newer version', () => {
    const path = join(folder, 'd.db');
    open(path, [first, second]).close();
    expect(() => open(path)).toThrow(
      expect.objectContaining({ code: 'misconfigured', message: expect.stringContaining('newer version') }),
    );
  });

  it('refuses a file that is no database', () => {
    const path = join(folder, 'e.db');
    writeFileSync(path, 'not a database, but long enough to look at it twice '.repeat(100));
    expect(() => open(path)).toThrow(expect.objectContaining({ code: 'misconfigured' }));
  });

  it.each([
    ['its folder is a file', join('plain.txt', 'a.db')],
    ['a folder above is a file', join('plain.txt', 'deeper', 'a.db')],
    ['it is a folder', 'folder.db'],
  ])('says why it cannot be opened where %s', (_, name) => {
    writeFileSync(join(folder, 'plain.txt'), 'text');
    mkdirSync(join(folder, 'folder.db'), { recursive: true });
    expect(() => open(join(folder, name))).toThrow(
      expect.objectContaining({
        code: 'misconfigured',
        message: expect.stringMatching(/cannot be opened as a database: (E|unable)/),
      }),
    );
  });

  it('refuses a file that another process holds, and takes it once that has let go', async () => {
    const path = join(folder, 'f.db');
    const release = await holder(path);
    expect(() => open(path)).toThrow(
      expect.objectContaining({ code: 'unavailable', message: expect.stringContaining('another process') }),
    );
    await release();
    open(path).close();
  });

  it('lets nobody else in', () => {
    const path = join(folder, 'g.db');
    const owner = open(path);
    expect(() => open(path)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    owner.close();
    open(path).close();
  });
});
