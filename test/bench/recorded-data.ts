import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/**
 * Rows of a file of JSON lines; packed where only `path` with `.gz` behind it is there.
 *
 * @throws Error where neither is
 */
export function rowsOf<T>(path: string): readonly T[] {
  const file = [path, `${path}.gz`].find((one) => existsSync(one));
  if (file === undefined) throw new Error(`${path} is missing: benchmarks read their data where it lies`);
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

/** Rows of a file of the shared data, which is not the project's to ship. */
export const recordedRows = <T>(file: string): readonly T[] => rowsOf<T>(data + file);

/** A file of the shared data that is one JSON value. */
export const recordedJson = <T>(file: string): T => JSON.parse(readFileSync(data + file, 'utf8')) as T;

/** A file of the shared data as reports name it. */
export const recordedSet = (file: string, rows: number) => ({
  path: file,
  sha256: createHash('sha256')
    .update(readFileSync(data + file))
    .digest('hex'),
  rows,
});
