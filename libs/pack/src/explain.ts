import type { z } from 'zod';
import { didYouMean } from './nearest.js';

type Issue = z.core.$ZodRawIssue;

/**
 * What is wrong with a value and what to do, as the rest of a sentence that begins with the value's name. Unknown keys
 * give one line each, in the order of the issue's `keys`. The value is not repeated: somebody may have pasted a secret.
 */
export function explain(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(String(issue.expected), issue.input);
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, knownKeys(issue))).join('\n');
    case 'invalid_value':
      return wrongChoice(issue.values.map(String), issue.input);
    case 'too_small':
      return tooFew(issue.origin, issue.minimum, issue.inclusive !== false);
    case 'too_big':
      return `must be at most ${sizeOf(issue.origin, issue.maximum)}`;
    case 'invalid_union':
      return wrongKind(issue);
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'cannot be a name here';
    default:
      return 'cannot be used here';
  }
}

const wants: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'a group of "name: value" lines',
  record: 'a group of "name: value" lines',
};

function wrongType(expected: string, input: unknown): string {
  const wanted = wants[expected] ?? `a ${expected}`;
  if (input === undefined) return `is missing: give ${wanted}`;
  if (input === null) return `is empty: give ${wanted}`;
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')) {
    return `must be a text: put it in quotes`;
  }
  return `must be ${wanted}, not ${kindOf(input)}`;
}

function kindOf(input: unknown): string {
  if (typeof input === 'number') return 'a number like this';
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'string' ? 'a text' : typeof input === 'boolean' ? 'true or false' : 'a group';
}

function wrongChoice(choices: readonly string[], input: unknown): string {
  const all = choices.join(', ');
  if (input === undefined) return `is missing: give one of ${all}`;
  return `must be one of ${all}${typeof input === 'string' ? didYouMean(input, choices) : ''}`;
}

/** A value that is of no known kind; of a group, the word that says which kind it is. */
function wrongKind({ options = [], discriminator, input }: Record<string, unknown>): string {
  if (discriminator === undefined) return input === undefined ? 'is missing' : 'cannot be used here';
  const kinds = Array.isArray(options) ? options.map(String) : [];
  return wrongChoice(kinds, (input as Readonly<Record<string, unknown>>)[String(discriminator)]);
}

function tooFew(origin: string, minimum: number | bigint, inclusive: boolean): string {
  if (origin === 'string' && minimum === 1) return `is empty: give a text`;
  return `must be ${inclusive ? 'at least' : 'more than'} ${sizeOf(origin, minimum)}`;
}

function sizeOf(origin: string, size: number | bigint): string {
  if (origin === 'string') return `${size} characters long`;
  return origin === 'array' ? `${size} entries long` : String(size);
}

function knownKeys(issue: Issue): readonly string[] {
  const definition = issue.inst?._zod.def as
    | { readonly shape?: Readonly<Record<string, unknown>> }
    | undefined;
  return Object.keys(definition?.shape ?? {});
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = didYouMean(key, known);
  return `is not known here${meant === '' ? `; known are ${known.join(', ')}` : meant}`;
}
