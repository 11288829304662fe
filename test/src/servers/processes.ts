import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Ids of the living processes that work in a folder, or name it in their command line. */
export const processesOf = (folder: string): readonly number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) =>
      [() => readlinkSync(`/proc/${pid}/cwd`), () => readFileSync(`/proc/${pid}/cmdline`, 'utf8')].some(
        (read) => unlessGone(read).includes(folder),
      ),
    )
    .map(Number);

/** Nothing of a process that is gone, or that only waits to be reaped. */
function unlessGone(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
