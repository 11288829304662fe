import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LabelSource } from '@spillway/confidence/fit';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { nanosOf } from '@spillway/pack/prices';
import type { SpendingOptions } from './consent.js';

export interface EvalOptions extends SpendingOptions {
  readonly step: readonly string[];
  readonly set: readonly string[];
  /** Names with commas between. */
  readonly models?: string;
  readonly labelSource: LabelSource;
  readonly repeat: string;
  readonly concurrency?: string;
  /** A model of the pack that compares replies. */
  readonly judge?: string;
  /** Dollars that training a small model costs. */
  readonly trainingUsd?: string;
  readonly report?: string;
  readonly markdown?: string;
  readonly junit?: string;
  readonly json: boolean;
}

/** The options that are numbers. */
export interface EvalNumbers {
  readonly repeat: number;
  /** Undefined: as models.yaml has it. */
  readonly concurrency: number | undefined;
  /** Undefined: nobody asked whether fine-tuning pays. */
  readonly trainingNanos: bigint | undefined;
}

const isCount = (text: string): boolean => /^[1-9]\d{0,3}$/.test(text);

/** Reads the options that are numbers. Throws `rejected` for every one that is none of its kind. */
export function numbersOf({ repeat, concurrency, trainingUsd }: EvalOptions): EvalNumbers {
  const counts = { repeat, ...(concurrency === undefined ? {} : { concurrency }) };
  const trainingNanos = trainingUsd === undefined ? undefined : nanosOf(trainingUsd);
  const problems: Problem[] = [
    ...Object.entries(counts)
      .filter(([, text]) => !isCount(text))
      .map(([name]) => ({ where: `--${name}`, message: 'must be a whole number, 1 to 9999' })),
    ...(trainingUsd !== undefined && trainingNanos === undefined
      ? [{ where: '--training-usd', message: 'must be dollars, such as 500' }]
      : []),
  ];
  if (problems.length > 0) throw new Fault('rejected', 'nothing can be evaluated so', { problems });
  return {
    repeat: Number(repeat),
    concurrency: concurrency === undefined ? undefined : Number(concurrency),
    trainingNanos,
  };
}

/** The models that are named, the small one first; undefined: those of the pack. Throws `rejected` for fewer than two different ones. */
export function namesOf({ models }: Pick<EvalOptions, 'models'>): readonly string[] | undefined {
  if (models === undefined) return undefined;
  const names = models.split(',').flatMap((name) => name.trim() || []);
  if (names.length >= 2 && new Set(names).size === names.length) return names;
  throw new Fault('rejected', 'models are compared with each other', {
    problems: [{ where: '--models', message: 'name two or more, the small one first and the big one last' }],
  });
}

/** Looks whether reports can be written before anything is paid for. Throws `rejected` with every one that cannot. */
export async function requireFolders({
  report,
  markdown,
  junit,
}: Pick<EvalOptions, 'report' | 'markdown' | 'junit'>): Promise<void> {
  const problems: Problem[] = [];
  for (const [name, path] of Object.entries({ report, markdown, junit })) {
    if (path === undefined) continue;
    const found = await stat(path).catch(() => undefined);
    const message = found?.isDirectory()
      ? 'is a folder: name the file in it'
      : found === undefined
        ? 'its folder is not there or cannot be written to'
        : 'cannot be written to';
    const isWritable = await access(found === undefined ? dirname(path) : path, constants.W_OK).then(
      () => true,
      () => false,
    );
    if (!isWritable || found?.isDirectory()) problems.push({ where: `--${name} ${path}`, message });
  }
  if (problems.length > 0) throw new Fault('rejected', 'a report cannot be written', { problems });
}
