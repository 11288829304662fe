import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder with those that it lies in, each with `mode` less the umask. `mkdir` with `recursive` tries for ever where
 * a folder that is there takes none, as /proc does, since that is answered with the same code as a parent that is missing.
 *
 * @throws the system's error where one cannot be made
 */
export function makeFolder(path: string, mode = 0o777): void {
  const error = failureOf(path, mode);
  if (error === undefined) return;
  if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
  makeFolder(dirname(path), mode);
  const still = failureOf(path, mode);
  if (still !== undefined) throw still;
}

/** Undefined for a folder that was made, by whomever. */
function failureOf(path: string, mode: number): NodeJS.ErrnoException | undefined {
  try {
    mkdirSync(path, mode);
    return undefined;
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    return failure.code === 'EEXIST' ? undefined : failure;
  }
}
