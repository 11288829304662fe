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
