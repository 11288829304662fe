import type { LogLine } from './logged-call.js';
import { unreadable } from './logged-call.js';
import { readLogLine } from './read-line.js';

/** A longer line is no log of a call, but a file that is no JSON lines. */
const LONGEST_LINE = 64 * 1024 * 1024;
const LINE_FEED = 10;

/**
 * Reads a log from its bytes: JSON lines, each handed to `onLine` with its number from 1. Lines with nothing on them are
 * left out. Holds one line at a time.
 */
export async function readLog(
  bytes: AsyncIterable<Uint8Array>,
  onLine: (line: LogLine, number: number) => void,
): Promise<void> {
  let number = 0;
  let parts: Buffer[] = [];
  let held = 0;

  /** A line ends in a chunk, all of it or the rest of it. */
  function end(chunk: Buffer, from: number, to: number): void {
    number += 1;
    const length = held + to - from;
    if (length > LONGEST_LINE) onLine(unreadable('is longer than 64 MiB'), number);
    else if (held === 0) handOn(chunk.toString('utf8', from, to));
    else handOn(Buffer.concat([...parts, chunk.subarray(from, to)]).toString('utf8'));
    parts = [];
    held = 0;
  }

  function handOn(line: string): void {
    const text = line.trim();
    if (text !== '') onLine(readLogLine(number === 1 ? text.replace(/^\uFEFF/, '') : text), number);
  }

  for await (const piece of bytes) {
    const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let start = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, start)) {
      end(chunk, start, at);
      start = at + 1;
    }
    held += chunk.length - start;
    // Of a line that is too long only its length is kept.
    if (held > LONGEST_LINE) parts = [];
    else if (start < chunk.length) parts.push(Buffer.from(chunk.subarray(start)));
  }
  if (held > 0) end(Buffer.alloc(0), 0, 0);
}
