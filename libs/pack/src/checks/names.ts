import type { Part } from '../part.js';
import { type PackProblem, quoted } from '../problems.js';

/** A check that looks across files; every problem it finds has a place. */
export type Path = readonly PropertyKey[];

/** A problem at a path of a file. `offset` is a character of the text that stands there. */
export function problemAt(part: Part<unknown>, path: Path, message: string, offset?: number): PackProblem {
  return { ...part.place(path, offset), message };
}

/** Entries of a list that can be read, with their paths. */
export function entriesOf<T>(list: readonly (T | undefined)[] | undefined, path: Path): readonly [T, Path][] {
  return (list ?? []).flatMap((entry, index): [T, Path][] =>
    entry === undefined ? [] : [[entry, [...path, index]]],
  );
}

/** All names of a list, or undefined when one is unreadable: what it is called may be just what others refer to. */
export function namesOf<T>(
  list: readonly (T | undefined)[] | undefined,
  nameOf: (entry: T) => string | undefined,
): ReadonlySet<string> | undefined {
  const names = list?.map((entry) => (entry === undefined ? undefined : nameOf(entry)));
  if (names === undefined || names.some((name) => name === undefined)) return undefined;
  return new Set(names.flatMap((name) => name ?? []));
}

/** Names that stand more than once: each from its second place on. */
export function duplicates(
  part: Part<unknown>,
  names: readonly (readonly [string | undefined, Path])[],
): PackProblem[] {
  const seen = new Map<string, Path>();
  return names.flatMap(([name, path]) => {
    if (name === undefined) return [];
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, path);
      return [];
    }
    const line = part.place(first).line;
    const message = `${quoted(name)} stands in line ${line} already: rename or remove one of the two`;
    return [problemAt(part, path, message)];
  });
}

/** What is readable of a price. */
interface ReadablePrice {
  readonly input_per_million?: bigint | undefined;
  readonly output_per_million?: bigint | undefined;
}

/** Whether input and output of a model have a price from its first day on. */
export const isPriced = ({
  prices = [],
}: {
  readonly prices?: readonly (ReadablePrice | undefined)[] | undefined;
}): boolean =>
  prices.length > 0 &&
  prices.every((price) => price?.input_per_million !== undefined && price.output_per_million !== undefined);
