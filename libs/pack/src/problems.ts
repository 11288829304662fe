import { Fault } from '@spillway/contracts/fault';

/** Something wrong with a pack, at a place that an editor can jump to. */
export interface PackProblem {
  /** Path inside the pack's folder, with slashes. */
  readonly file: string;
  /** From 1; absent: the file as a whole. */
  readonly line?: number;
  readonly column?: number;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** Where the reader of a file can be sent. */
export type Place = Omit<PackProblem, 'message'>;

/** A name or a short value as it stands in a sentence; a long one is cut. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
}

const written = ({ file, line, column }: Place): string =>
  [file, ...(line === undefined ? [] : [line]), ...(column === undefined ? [] : [column])].join(':');

/** All problems of a pack as the one fault that `loadPack` throws: by file in the order given, then by place. */
export function packFault(
  directory: string,
  problems: readonly PackProblem[],
  files: readonly string[],
): Fault {
  const rank = new Map(files.map((file, index) => [file, index]));
  const sorted = problems.toSorted(
    (a, b) =>
      (rank.get(a.file) ?? files.length) - (rank.get(b.file) ?? files.length) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
  const count = sorted.length === 1 ? 'a problem' : `${sorted.length} problems`;
  return new Fault('misconfigured', `the pack ${directory} has ${count}`, {
    problems: sorted.map((problem) => ({ where: written(problem), message: problem.message })),
  });
}
