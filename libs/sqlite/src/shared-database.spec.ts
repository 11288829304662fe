import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase } from './database.js';
import { openReader, openShared } from './shared-database.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-shared-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const migrations = ['CREATE TABLE notes (text TEXT NOT NULL)'];
const write = (path: string) => openShared(path, { migrations, synchronous: 'normal' });
const read = (path: string) => openReader(path, { migrations });
const notes = (database: DatabaseSync) =>
  database
    .prepare('SELECT text FROM notes')
    .all()
    .map(({ text }) => text);

/** Another process that writes a note and goes on holding the file; ends it by kill -9. */
async function writer(path: string) {
  const child = spawn(
    process.execPath,
    [
      '--no-warnings',
      '--conditions=spillway-source',
      '--experimental-transform-types',
      '--import',
      new URL('../../../tools/from-source.mjs', import.meta.url).href,
      new URL('./testing/shared-writer.ts', import.meta.url).pathname,
      path,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await once(child.stdout, 'data');
  return async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
}

describe('a shared file', () => {
  it('is read while it is written, each reader as it was when that opened it', async () => {
    const path = join(folder, 'a.db');
    const owner = write(path);
    owner.database.exec("INSERT INTO notes VALUES ('one')");
    const early = read(path);
    owner.database.exec("INSERT INTO notes VALUES ('two')");
    const late = read(path);
    expect([notes(early), notes(late)]).toEqual([['one'], ['one', 'two']]);
    early.close();
    late.close();
    await owner.close();
  });

  it('is read beside another process that writes it, and after that was killed', async () => {
    const path = join(folder, 'b.db');
    const kill = await writer(path);
    const beside = read(path);
    expect(notes(beside)).toEqual(['from another process']);
    beside.close();
    expect(() => write(path)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    await kill();
    const after = read(path);
    expect(notes(after)).toEqual(['from another process']);
    const owner = write(path);
    owner.database.exec("INSERT INTO notes VALUES ('again')");
    after.close();
    await owner.close();
  });

  it('has one writer', async () => {
    const path = join(folder, 'c.db');
    const owner = write(path);
    expect(() => write(path)).toThrow(
      expect.objectContaining({ code: 'unavailable', message: expect.stringContaining('c.db is in use') }),
    );
    await owner.close();
    await write(path).close();
  });

  it('is not written by a reader', async () => {
    const path = join(folder, 'd.db');
    await write(path).close();
    const reader = read(path);
    expect(() => reader.exec("INSERT INTO notes VALUES ('no')")).toThrow(/readonly/);
    reader.close();
  });

  it('is not made by a reader', () => {
    const path = join(folder, 'e.db');
    expect(() => read(path)).toThrow(expect.objectContaining({ code: 'missing' }));
    expect(existsSync(path)).toBe(false);
  });

  it.each<[string, readonly string[]]>([
    ['an older', []],
    ['a newer', [...migrations, 'CREATE TABLE more (text TEXT)']],
  ])('of %s version is no reader’s', async (_, others) => {
    const path = join(folder, `${others.length}.db`);
    await openShared(path, { migrations: others, synchronous: 'normal' }).close();
    expect(() => read(path)).toThrow(expect.objectContaining({ code: 'misconfigured' }));
  });

  it('that is kept by one process is no reader’s either, and neither is what is no database', () => {
    const path = join(folder, 'f.db');
    const owner = openDatabase(path, { migrations, synchronous: 'normal' });
    expect(() => read(path)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    owner.close();
    expect(() => read(folder)).toThrow(expect.objectContaining({ code: 'misconfigured' }));
  });

  it('is taken over from a process that kept it for itself and was killed', async () => {
    const [path, image] = [join(folder, 'kept', 'h.db'), join(folder, 'image')];
    const owner = openDatabase(path, { migrations, synchronous: 'normal' });
    owner.exec("INSERT INTO notes VALUES ('kept')");
    cpSync(join(path, '..'), image, { recursive: true });
    owner.close();
    const after = write(join(image, 'h.db'));
    expect(notes(after.database)).toEqual(['kept']);
    await after.close();
    expect(readdirSync(image).sort()).toEqual(['h.db', 'h.db-owner']);
  });

  it('keeps its claim where it cannot be opened', async () => {
    const path = join(folder, 'g.db');
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 9');
    database.close();
    expect(() => write(path)).toThrow(expect.objectContaining({ code: 'misconfigured' }));
    rmSync(path);
    await write(path).close();
  });
});
