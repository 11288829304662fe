import { stat } from 'node:fs/promises';
import { counted } from '@spillway/confidence/counted';
import type { Terminal } from './terminal.js';

/** A reading under way. */
export interface Reading {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Bytes of the file that have been read, as they lie on the disk: of a zipped one fewer than come out of it. */
  readonly bytesRead: () => number;
  readonly linesRead: () => number;
}

const MEBIBYTE = 1024 * 1024;
/** A shorter file has been read before anybody would see a bar. */
const SHOWN_FROM_BYTES = 32 * MEBIBYTE;

/** The same bytes; while they are read, a bar for a big file says how far it is. */
export async function* withBar(
  path: string,
  { bytes, bytesRead, linesRead }: Reading,
  terminal: Terminal,
): AsyncGenerator<Uint8Array> {
  const { size } = await stat(path);
  if (size < SHOWN_FROM_BYTES) return yield* bytes;
  const bar = terminal.progress('MiB', Math.ceil(size / MEBIBYTE));
  try {
    for await (const chunk of bytes) {
      yield chunk;
      const done = bytesRead() === size ? Math.ceil(size / MEBIBYTE) : Math.floor(bytesRead() / MEBIBYTE);
      bar.update(done, counted(linesRead(), 'line'));
    }
  } finally {
    bar.stop();
  }
}
