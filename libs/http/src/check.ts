import { Fault, type Problem } from '@spillway/contracts/fault';
import type { z } from 'zod';

/**
 * Text as the log and every store can hold it: half of a surrogate pair has no UTF-8, and a database cannot hold the
 * NUL character. Both come in with cut-off emoji and broken mail, which are no reason to turn anyone away.
 */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

/** Part of a request; decides how its faults are named. */
export type Place = 'body' | 'query' | 'header';

type Issue = z.core.$ZodRawIssue;

/**
 * Reads one part of a request. What is wrong with it is added to `problems`, all of it; the result is undefined then.
 * Check every part before `refuse`, so that the caller learns everything at once.
 */
export function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  place: Place,
  problems: Problem[],
): z.output<S> | undefined {
  const result = schema.safeParse(value, { error: sentenceOf });
  if (result.success) return result.data;
  for (const issue of result.error.issues) problems.push(...problemsOf(issue, place));
  return undefined;
}

/** Throws `malformed` with every problem, where there is one. */
export function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const count = problems.length === 1 ? 'one fault' : `${problems.length} faults`;
  throw new Fault('malformed', `the request has ${count}`, { problems });
}

/**
 * A check that the first of two fields is not over the second, where both are there. Else both are named, each with its
 * own sentence: nothing could fit them, and an answer of nothing would look like one.
 */
export const inOrder =
  ([lower, above]: readonly [string, string], [upper, below]: readonly [string, string]) =>
  ({ value, issues }: z.core.ParsePayload<Readonly<Record<string, unknown>>>): void => {
    if (!(Number(value[lower]) > Number(value[upper]))) return;
    issues.push({ code: 'custom', input: value[lower], path: [lower], message: above });
    issues.push({ code: 'custom', input: value[upper], path: [upper], message: below });
  };

/** Reads a query string. An empty parameter counts as left out. Throws `malformed` with every problem. */
export function checkQuery<S extends z.ZodType>(schema: S, query: object): z.output<S> {
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
  return checked(schema, given, 'query');
}

/** Reads a body. Throws `malformed` with every problem. */
export function checkBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  return checked(schema, body, 'body');
}

function checked<S extends z.ZodType>(schema: S, value: unknown, place: Place): z.output<S> {
  const problems: Problem[] = [];
  const result = check(schema, value, place, problems);
  refuse(problems);
  return result as z.output<S>;
}

function problemsOf(issue: z.core.$ZodIssue, place: Place): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const what = place === 'query' ? 'parameter' : 'field';
    return issue.keys.map((key) => ({
      where: nameOf([...issue.path, key], place),
      message: `there is no such ${what}`,
    }));
  }
  return [{ where: nameOf(issue.path, place), message: issue.message }];
}

function nameOf(path: readonly PropertyKey[], place: Place): string {
  if (place === 'query') return `?${path.map(String).join('.')}`;
  if (place === 'header') return `header ${path.map(String).join('.')}`;
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What a caller who sees JSON, not types, can act on. Zod's own sentence where this has none. */
function sentenceOf(issue: Issue): string | undefined {
  if (issue.input === undefined) return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${named(issue.expected)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return issue.origin === 'string' && issue.minimum === 1
        ? 'must not be empty'
        : `must be at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${unitOf(issue.origin)}`;
    default:
      return undefined;
  }
}

const unitOf = (origin: string): string => (origin === 'string' ? ' characters long' : '');

const named = (type: string): string => {
  if (type === 'int') return 'a whole number';
  if (type === 'record') return 'an object';
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
};
