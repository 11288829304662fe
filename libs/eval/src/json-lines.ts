import { Fault, type Problem } from '@spillway/contracts/fault';
import type { z } from 'zod';
import { fileLines } from './file-lines.js';

/** Lines that do not fit of which is said what is wrong; of more of them only the numbers. */
const MAX_EXPLAINED = 20;
/** Lines whose numbers are named; a file with more is not what it was taken for. */
const MAX_NUMBERS = 500;

/** Lines named of a name that many have. */
const MAX_LINES = 20;

interface Form<S extends z.ZodType> {
  readonly schema: S;
  /** What a line should have been. */
  readonly what: string;
  /** What is said of each name in a line that means nothing here; the same words stand once, with all of their lines. */
  readonly unknownNames?: (line: z.output<S>) => readonly string[];
}

/**
 * Reads a file of JSON lines, gzip or not, by a schema; `number` counts lines from 1, empty ones too.
 *
 * @throws Fault as `openFile` does, `malformed` with every line that does not fit (the first twenty with
 * what is wrong, of the others the first five hundred numbers) and every name that means nothing (with its first twenty
 * lines), and with nothing of what a customer wrote
 */
export async function readJsonLines<S extends z.ZodType, T>(
  path: string,
  { schema, what, unknownNames = () => [] }: Form<S>,
  rowOf: (line: z.output<S>, number: number) => T,
): Promise<readonly T[]> {
  const rows: T[] = [];
  const problems: Problem[] = [];
  const unknown = new Map<string, number[]>();
  const furtherLines: number[] = [];
  let further = 0;
  let number = 0;
  for await (const line of fileLines(path)) {
    number += 1;
    // Some editors put a byte order mark before the first line; it counts as space.
    const text = line.trim();
    if (text === '') continue;
    const read = parsedLine(text, schema);
    if (read.wrong === undefined) {
      rows.push(rowOf(read.value, number));
      for (const said of unknownNames(read.value)) {
        const lines = unknown.get(said);
        if (lines === undefined) unknown.set(said, [number]);
        else lines.push(number);
      }
    } else if (problems.length < MAX_EXPLAINED) {
      problems.push(...read.wrong.map((message) => ({ where: `${path}:${number}`, message })));
    } else {
      further += 1;
      if (furtherLines.length < MAX_NUMBERS) furtherLines.push(number);
    }
  }
  if (further > 0) {
    const unnamed = further - furtherLines.length;
    problems.push({
      where: `${path}:${furtherLines[0]}`,
      message: `${further === 1 ? 'this line does not fit either' : `these ${further} lines do not fit either`}: ${furtherLines.join(', ')}${unnamed > 0 ? ` and ${unnamed} more` : ''}`,
    });
  }
  const named = [...unknown].map(([said, lines]) => ({
    where: `${path}:${lines[0]}`,
    message: `${said}${alsoIn(lines.slice(1))}`,
  }));
  if (problems.length + named.length > 0)
    throw new Fault('malformed', `${path} has lines that are no ${what}`, {
      problems: [...problems, ...named],
    });
  return rows;
}

function alsoIn(lines: readonly number[]): string {
  if (lines.length === 0) return '';
  const more = lines.length - MAX_LINES;
  const shown = lines.slice(0, MAX_LINES).join(', ');
  return ` (also in ${lines.length === 1 ? 'line' : 'lines'} ${shown}${more > 0 ? ` and ${more} more` : ''})`;
}

/**
 * Waits for files that are read side by side: what is wrong in any of them is told at once.
 *
 * @throws Fault `malformed` with the problems of all files, or else the first that is another one
 */
export async function allRead<T>(reading: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(reading);
  const faults = settled.flatMap((one) => (one.status === 'rejected' ? [Fault.from(one.reason)] : []));
  const [first] = faults;
  if (first === undefined) return Promise.all(reading);
  const other = faults.find(({ code }) => code !== 'malformed');
  if (other !== undefined || faults.length === 1) throw other ?? first;
  throw new Fault('malformed', faults.map(({ message }) => message).join('; '), {
    problems: faults.flatMap(({ problems }) => problems),
  });
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
