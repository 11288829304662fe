import { openShared } from '../shared-database.js';

// Run by a spec as a process of its own: writes without a pause, so that the thread copies nearly all the time, and says
// what was committed. With a number it ends after so many rows, and has to end by itself.
const [path = '', most] = process.argv.slice(2);
const { writes, database, close } = openShared(path, {
  migrations: ['CREATE TABLE pieces (n INTEGER PRIMARY KEY, piece BLOB NOT NULL) STRICT'],
  synchronous: 'normal',
  logBytes: 64 * 2 ** 10,
});
const last = database.prepare('SELECT coalesce(max(n), 0) AS n FROM pieces').get() as { n: number };
const insert = database.prepare('INSERT INTO pieces VALUES (?, zeroblob(4000))');
const end = most === undefined ? Number.POSITIVE_INFINITY : last.n + Number(most);

for (let n = last.n + 1; n <= end; n += 1) {
  await writes.run(() => insert.run(n));
  process.stdout.write(`${n}\n`);
}
await close();
