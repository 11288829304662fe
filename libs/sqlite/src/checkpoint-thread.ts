import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parentPort } from 'node:worker_threads';

// The other end of `passInThread` in checkpoints.ts. It is run as it stands, built or not, so it imports nothing of ours.

/** Milliseconds that another connection which opens or closes the file may be in the way. */
const PATIENCE_MS = 5_000;

/**
 * Copies into the file what the log holds when it begins. The file is opened for one pass: SQLite removes the log when the
 * last connection closes, and that should be the one that writes.
 */
function pass(path: string): void {
  const file = pathToFileURL(path);
  // Never makes a file: one that is gone is a failure.
  file.searchParams.set('mode', 'rw');
  const database = new DatabaseSync(file, { timeout: PATIENCE_MS });
  try {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } finally {
    database.close();
  }
}

// What is thrown ends the thread, and the other side hears of it.
parentPort?.on('message', (path: string) => {
  pass(path);
  parentPort?.postMessage('done');
});
