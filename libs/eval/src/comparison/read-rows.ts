import type { StepInput, StepName } from '@spillway/models/language-model';
import type { Pack } from '@spillway/pack/pack';
import { readLabelled } from '../dataset.js';
import { allRead } from '../json-lines.js';
import { readReplies } from '../reply-rows.js';
import { unseenRows } from '../unseen-rows.js';
import type { EvalRows } from './step-metrics.js';

/** Rows of a step, file after file. */
export interface RowsRead {
  readonly read: EvalRows;
  /** Rows of each file, in the order of the files. */
  readonly counts: readonly number[];
  /** Rows that were left out, since an embedded model was trained on them. */
  readonly leftOut: number;
}

/**
 * Reads files of rows for a step, one after the other.
 *
 * @throws Fault as `readLabelled` and `readReplies` do
 */
export async function readRows(
  step: StepName,
  paths: readonly string[],
  { pack, embedded }: { readonly pack: Pack; readonly embedded: boolean },
): Promise<RowsRead> {
  const unseen = <T extends { readonly input: StepInput }>(rows: readonly T[]): readonly T[] =>
    embedded ? unseenRows(step, rows, pack) : rows;
  if (step === 'draft' || step === 'polish') {
    const files = await allRead(paths.map((path) => readReplies(path, step, pack)));
    return { read: { step, rows: files.flat() }, counts: countsOf(files), leftOut: 0 };
  }
  const files = await allRead(paths.map((path) => readLabelled(path, step, pack)));
  const rows = unseen(files.flat());
  const counts = countsOf(files);
  return { read: { step, rows }, counts, leftOut: files.flat().length - rows.length };
}

const countsOf = (files: readonly (readonly unknown[])[]): number[] => files.map(({ length }) => length);
