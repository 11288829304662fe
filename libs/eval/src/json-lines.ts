import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Fault, type Problem } from '@spillway/contracts/fault';
import type { z } from 'zod';

/** Problems named one by one; a file with more is not what it was taken for. */
const MAX_PROBLEMS = 20;

/**
 * Reads a file of JSON lines by a schema, gzip where the name ends in `.gz`; `number` counts lines from 1, empty ones too.
 * `what` names what a line should have been.
 *
 * @throws Fault `missing` when the file cannot be read, `malformed` with every line that does not fit (the first
 * twenty), and with nothing of what a customer wrote
 */
export async function readJsonLines<S extends z.ZodType, T>(
  path: string,
  { schema, what }: { readonly schema: S; readonly what: string },
  rowOf: (line: z.output<S>, number: number) => T,
): Promise<readonly T[]> {
  const rows: T[] = [];
  const problems: Problem[] = [];
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    if (line.trim() === '') continue;
    const read = parsedLine(line, schema);
    if (read.wrong === undefined) rows.push(rowOf(read.value, number));
    else problems.push(...read.wrong.map((message) => ({ where: `${path}:${number}`, message })));
    if (problems.length >= MAX_PROBLEMS) break;
  }
  if (problems.length > 0)
    throw new Fault('malformed', `${path} has lines that are no ${what}`, { problems });
  return rows;
}

type Read<T> = { readonly value: T; readonly wrong?: undefined } | { readonly wrong: readonly string[] };

/** What one line holds, or what is wrong with it. */
function parsedLine<S extends z.ZodType>(line: string, schema: S): Read<z.output<S>> {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { wrong: ['is not JSON: write one object a line'] };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  return {
    wrong: parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'line'}: ${message}`),
  };
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.once('error', (error) => input.destroy(error));
  let rest = '';
  try {
    for await (const chunk of input.setEncoding('utf8')) {
      // A text may hold the other signs that some readers take for the end of a line.
      const parts = `${rest}${chunk as string}`.split('\n');
      rest = parts.pop() ?? '';
      yield* parts;
    }
  } catch (cause) {
    throw new Fault('missing', `${path} cannot be read`, { cause });
  } finally {
    file.destroy();
  }
  yield rest;
}
