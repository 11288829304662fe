import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { Fault, type Problem } from '@spillway/contracts/fault';
import type { StepName } from '@spillway/models/language-model';
import { evalFile, tasks } from '@spillway/pack/files';

/** A file of rows for one step. */
export interface EvalFile {
  readonly step: StepName;
  readonly path: string;
}

const stepOf = (name: string): StepName | undefined => tasks.find((task) => name.startsWith(`${task}.`));

/**
 * The files to evaluate on: those of `sets`, or else all of the pack's `eval/`. A file belongs to the step that its name
 * begins with, as `classify.hard.jsonl` does, or to the only one that is asked for.
 *
 * @throws Fault `rejected` for a step that is none and for a file that belongs to no step or to none of those asked for,
 * `missing` where a step that is asked for has no rows
 */
export async function evalFiles(
  pack: string,
  { steps, sets }: { readonly steps: readonly string[]; readonly sets: readonly string[] },
): Promise<readonly EvalFile[]> {
  const chosen = chosenSteps(steps);
  const files = sets.length > 0 ? givenFiles(sets, steps, chosen) : await ownFiles(pack);
  const wanted = files.filter(({ step }) => chosen.includes(step));
  const without =
    steps.length === 0 ? [] : chosen.filter((step) => !wanted.some((file) => file.step === step));
  if (wanted.length > 0 && without.length === 0) return wanted;
  throw new Fault('missing', 'there is nothing to evaluate on', {
    problems: (without.length > 0 ? without : chosen).map((step) => ({
      where: `eval/${step}.jsonl`,
      message: 'is not there: write it, or name a file with --set',
    })),
  });
}

function chosenSteps(steps: readonly string[]): readonly StepName[] {
  const unknown = steps.filter((step) => !tasks.some((task) => task === step));
  if (unknown.length === 0) return tasks.filter((task) => steps.length === 0 || steps.includes(task));
  throw new Fault('rejected', 'there are no such steps', {
    problems: unknown.map((step) => ({ where: `--step ${step}`, message: `is one of ${tasks.join(', ')}` })),
  });
}

function givenFiles(
  sets: readonly string[],
  steps: readonly string[],
  chosen: readonly StepName[],
): readonly EvalFile[] {
  const only = steps.length === 1 ? chosen[0] : undefined;
  const problems: Problem[] = [];
  const files = sets.flatMap((path): EvalFile[] => {
    const step = only ?? stepOf(basename(path));
    if (step !== undefined && chosen.includes(step)) return [{ step, path }];
    problems.push({
      where: path,
      message:
        step === undefined
          ? 'name the one step that it is for with --step, or begin its name with the step, as classify.mine.jsonl'
          : `is for ${step} by its name, and --step names ${chosen.join(', ')}: add --step ${step}, or leave the file out`,
    });
    return [];
  });
  if (problems.length > 0) throw new Fault('rejected', 'a set belongs to one step', { problems });
  return files;
}

async function ownFiles(pack: string): Promise<readonly EvalFile[]> {
  const names = await readdir(join(pack, 'eval')).catch(() => [] as string[]);
  return names.toSorted().flatMap((name) => {
    const step = evalFile.exec(`eval/${name}`)?.[1] as StepName | undefined;
    return step === undefined ? [] : [{ step, path: join(pack, 'eval', name) }];
  });
}

/** Reports travel: a file of the pack is named by its place in the pack, and others as they were given. */
export const shownPath = (path: string, pack: string): string =>
  path.startsWith(join(pack, 'eval')) ? relative(pack, path) : path;

/** SHA-256 of a file, hexadecimal. */
export const hashOfFile = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

/**
 * Rows that count twice make every interval too narrow.
 *
 * @throws Fault `rejected` with every file that holds the same as one before it, by its hash
 */
export function refuseTwice(paths: readonly string[], hashes: readonly string[]): void {
  const problems: Problem[] = paths.flatMap((where, at) => {
    const first = hashes.indexOf(hashes[at] ?? '');
    return first === at
      ? []
      : [{ where, message: `holds the same as ${paths[first]}: its rows would count twice` }];
  });
  if (problems.length > 0) throw new Fault('rejected', 'a set is named twice', { problems });
}
