import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** Raw logs of a run: one JSON object a line, in files by name, in one folder. */
export interface Journal {
  readonly folder: string;
  note(file: string, entry: object): void;
  close(): Promise<void>;
}

export function openJournal(folder: string): Journal {
  const files = new Map<string, WriteStream>();
  return {
    folder,
    note(file, entry) {
      let stream = files.get(file);
      if (stream === undefined) {
        stream = createWriteStream(join(folder, `${file}.jsonl`));
        files.set(file, stream);
      }
      stream.write(`${JSON.stringify(entry)}\n`);
    },
    async close() {
      await Promise.all(
        Array.from(files.values(), async (stream) => {
          stream.end();
          await once(stream, 'close');
        }),
      );
    },
  };
}
