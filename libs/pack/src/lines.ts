import type { z } from 'zod';
import { check, MAX_PROBLEMS } from './part.js';
import type { PackProblem, Place } from './problems.js';

/** One line of a JSONL file that fits its schema. */
export interface Line<T> extends Place {
  readonly value: T;
}

export interface Lines<T> {
  readonly lines: readonly Line<T>[];
  readonly problems: readonly PackProblem[];
}

/** Reads one JSON object a line; empty lines are passed over. Never throws: problems carry their line. */
export function readLines<S extends z.ZodType>(file: string, text: string, schema: S): Lines<z.output<S>> {
  const lines: Line<z.output<S>>[] = [];
  const problems: PackProblem[] = [];
  for (const [index, source] of text.split('\n').entries()) {
    if (source.trim() === '') continue;
    if (problems.length >= MAX_PROBLEMS) {
      problems.push({ file, line: index + 1, message: 'the lines from here on were not looked at' });
      break;
    }
    const place = { file, line: index + 1 };
    const result = readLine(source, schema, place);
    problems.push(...result.problems);
    if (result.value !== undefined) lines.push({ ...place, value: result.value });
  }
  return { lines, problems };
}

function readLine<S extends z.ZodType>(source: string, schema: S, place: Place) {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    // The parser's own words would repeat a customer's text.
    return { problems: [{ ...place, message: 'the line is no JSON: write one object a line' }] };
  }
  return check(value, schema, () => place);
}
