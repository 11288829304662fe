import { z } from 'zod';
import type { SourceDocument } from './documents.js';
import { explain } from './explain.js';
import { type PackProblem, type Place, quoted } from './problems.js';

/** What can be read of a value that has problems: everything may be absent. */
type Readable<T> = T extends readonly (infer E)[]
  ? readonly (Readable<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Readable<T[K]> | undefined }
    : T;

/** A file of another kind has a problem everywhere: this many of them make the point. */
export const MAX_PROBLEMS = 100;

/** One file of the pack, held against its schema. */
export interface Part<T> {
  /** Present when the file has no problems of its own. */
  readonly value?: T;
  /** For checks that look at several files, so that a slip in one entry hides no problem in another. */
  readonly readable?: Readable<T>;
  readonly problems: readonly PackProblem[];
  readonly place: SourceDocument['place'];
}

/** Holds a document against a schema and gives every problem its line. Never throws. */
export function partOf<S extends z.ZodType>(document: SourceDocument, schema: S): Part<z.output<S>> {
  const { place } = document;
  if (document.problems.length > 0) return { problems: document.problems, place };
  const result = check(document.value, schema, place);
  if (result.value !== undefined) {
    return { value: result.value, readable: result.value as Readable<z.output<S>>, problems: [], place };
  }
  const readable = salvaging(schema).parse(document.value) as Readable<z.output<S>> | undefined;
  return { ...(readable === undefined ? {} : { readable }), problems: result.problems, place };
}

/** A value that fits the schema, or where and why it does not. */
export function check<S extends z.ZodType>(
  value: unknown,
  schema: S,
  place: (path: readonly PropertyKey[]) => Place,
): { readonly value?: z.output<S>; readonly problems: readonly PackProblem[] } {
  const result = schema.safeParse(value, { error: explain, reportInput: true });
  if (result.success) return { value: result.data, problems: [] };
  const wrong = result.error.issues.flatMap((issue): [readonly PropertyKey[], string][] => {
    if (issue.code !== 'unrecognized_keys') return [[issue.path, issue.message]];
    const messages = issue.message.split('\n');
    return issue.keys.map((key, index) => [[...issue.path, key], messages[index] ?? '']);
  });
  const problems = wrong.slice(0, MAX_PROBLEMS).map(([path, message]) => problemAt(path, message, place));
  if (wrong.length > MAX_PROBLEMS) {
    problems.push({ ...place([]), message: `the file has ${wrong.length - MAX_PROBLEMS} more problems` });
  }
  return { problems };
}

function problemAt(
  path: readonly PropertyKey[],
  message: string,
  place: (path: readonly PropertyKey[]) => Place,
): PackProblem {
  const last = path.at(-1);
  const subject = last === undefined ? 'the file' : typeof last === 'string' ? quoted(last) : 'this entry';
  return { ...place(path), message: `${subject} ${message}` };
}

/** The schema that lets everything pass and keeps what fits; entries of lists keep their places. */
function salvaging(schema: z.ZodType): z.ZodType {
  return loosened(schema).optional().catch(undefined);
}

function loosened(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Readonly<Record<string, z.ZodType>>;
    return z.object(Object.fromEntries(Object.entries(shape).map(([key, each]) => [key, salvaging(each)])));
  }
  if (schema instanceof z.ZodArray) return z.array(salvaging(schema.element as z.ZodType));
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) {
    return loosened(schema.unwrap() as z.ZodType);
  }
  return schema;
}
