import { DatabaseSync } from 'node:sqlite';
import { Fault } from '@spillway/contracts/fault';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type GroupCommit, groupCommit } from './group-commit.js';

let database: DatabaseSync;
let writes: GroupCommit;
beforeEach(() => {
  database = new DatabaseSync(':memory:');
  database.exec(`CREATE TABLE parents (n INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE notes (text TEXT NOT NULL, parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED) STRICT;
    PRAGMA foreign_keys = ON;`);
  writes = groupCommit(database);
});

const texts = () =>
  database
    .prepare('SELECT text FROM notes')
    .all()
    .map(({ text }) => text);
const note =
  (text: string, parent: number | null = null) =>
  () => {
    database.prepare('INSERT INTO notes VALUES (?, ?)').run(text, parent);
    return text;
  };

describe('groupCommit', () => {
  it('resolves with the result of the operation, once it is committed', async () => {
    const written = writes.run(note('a')).then((result) => ({ result, open: database.isTransaction }));
    expect(texts()).toEqual([]);
    expect(await written).toEqual({ result: 'a', open: false });
    expect(texts()).toEqual(['a']);
  });

  it('runs operations in order, those of one turn in one transaction', async () => {
    const open: boolean[] = [];
    const look = (text: string) => () => {
      open.push(database.isTransaction);
      return note(text)();
    };
    expect(await Promise.all(['a', 'b', 'c'].map((text) => writes.run(look(text))))).toEqual(['a', 'b', 'c']);
    expect(open).toEqual([true, true, true]);
    expect(texts()).toEqual(['a', 'b', 'c']);
  });

  it('rejects only the operation that throws', async () => {
    const results = await Promise.allSettled([
      writes.run(note('a')),
      writes.run(() => {
        throw new Fault('conflict', 'someone was first');
      }),
      writes.run(note('b')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'conflict' } });
    expect(texts()).toEqual(['a', 'b']);
  });

  it('rejects all of a transaction that the database has given up by itself', async () => {
    database.exec('PRAGMA max_page_count = 16');
    const results = await Promise.allSettled([
      writes.run(note('a')),
      writes.run(note('b'.repeat(200_000))),
      writes.run(note('c')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(texts()).toEqual([]);
    expect(await writes.run(note('d'))).toBe('d');
  });

  it('rejects all of a transaction that cannot be committed, and goes on with the next', async () => {
    const results = await Promise.allSettled([writes.run(note('a')), writes.run(note('orphan', 99))]);
    expect(results).toMatchObject([{ reason: { code: 'unavailable' } }, { reason: { code: 'unavailable' } }]);
    expect(await writes.run(note('b'))).toBe('b');
    expect(texts()).toEqual(['b']);
  });

  it('begins nothing before what a commit has it wait for is settled', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const committed = vi.fn<() => Promise<void> | undefined>().mockReturnValueOnce(promise);
    const held = groupCommit(database, committed);
    await held.run(note('a'));
    const waiting = Promise.all([held.run(note('b')), held.run(note('c'))]);
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    expect(texts()).toEqual(['a']);
    resolve();
    await waiting;
    expect(texts()).toEqual(['a', 'b', 'c']);
    expect(committed).toHaveBeenCalledTimes(2);
  });

  it('waits for nothing when it is closed', async () => {
    const held = groupCommit(database, () => new Promise(() => 0));
    await held.run(note('a'));
    const waiting = held.run(note('b'));
    held.close();
    expect(await waiting).toBe('b');
  });

  it('commits what is waiting when it is closed, and takes nothing more', async () => {
    const waiting = writes.run(note('a'));
    writes.close();
    expect(texts()).toEqual(['a']);
    expect(await waiting).toBe('a');
    await expect(writes.run(note('b'))).rejects.toMatchObject({ code: 'cancelled' });
  });
});
