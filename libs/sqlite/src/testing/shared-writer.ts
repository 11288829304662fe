import { openShared } from '../shared-database.js';

// Run by a spec as a process of its own, which kills it: writes a note, says so, and goes on holding the file.
const { database } = openShared(process.argv[2] ?? '', {
  migrations: ['CREATE TABLE notes (text TEXT NOT NULL)'],
  synchronous: 'normal',
});
database.exec("INSERT INTO notes VALUES ('from another process')");
process.stdout.write('written');
process.stdin.resume();
