import { isDeepStrictEqual } from 'node:util';
import { foldText, oneOfEach } from '@spillway/confidence/data-rows';
import type { StepName } from '@spillway/models/language-model';
import type { Pack } from '@spillway/pack/pack';
import { readLabelled } from '../dataset.js';
import { allRead } from '../json-lines.js';
import { type ReplyRow, readReplies } from '../reply-rows.js';
import { unseenRows } from '../unseen-rows.js';
import type { RepeatedRows } from './data-line.js';
import type { EvalRows } from './step-metrics.js';

/** Rows of a step, file after file. */
export interface RowsRead {
  readonly read: EvalRows;
  /** Rows of each file, in the order of the files. */
  readonly counts: readonly number[];
  /** Rows that were left out, since an embedded model was trained on them. */
  readonly leftOut: number;
  /** Further rows that were left out, since they would count one message twice. */
  readonly repeated: RepeatedRows;
}

/**
 * Reads files of rows for a step, one after the other. Of rows with the same folded text the first stays, whatever its label;
 * rows of one conversation stay, since what they are worth together is reckoned later.
 *
 * @throws Fault as `readLabelled` and `readReplies` do
 */
export async function readRows(
  step: StepName,
  paths: readonly string[],
  { pack, embedded }: { readonly pack: Pack; readonly embedded: boolean },
): Promise<RowsRead> {
  if (step === 'draft' || step === 'polish') {
    const files = await allRead(paths.map((path) => readReplies(path, step, pack)));
    const { kept, repeated } = once(files.flat(), repliedTo, ({ checklist }) => checklist);
    return { read: { step, rows: kept }, counts: countsOf(files), leftOut: 0, repeated };
  }
  const files = await allRead(paths.map((path) => readLabelled(path, step, pack)));
  const all = files.flat();
  const unseen = embedded ? unseenRows(step, all, pack) : all;
  const { kept, repeated } = once(
    unseen,
    ({ input }) => input.text,
    ({ label }) => label,
  );
  return {
    read: { step, rows: kept },
    counts: countsOf(files),
    leftOut: all.length - unseen.length,
    repeated,
  };
}

/** Another draft of the same message is another reply to polish. */
const repliedTo = ({ input: { text, draft } }: ReplyRow): string => `${text}\n${draft?.text ?? ''}`;

interface Once<Row> {
  readonly kept: readonly Row[];
  readonly repeated: RepeatedRows;
}

function once<Row>(
  rows: readonly Row[],
  textOf: (row: Row) => string,
  labelOf: (row: Row) => unknown,
): Once<Row> {
  const kept = oneOfEach(rows, textOf, () => undefined);
  const labels = new Map(kept.map((row) => [foldText(textOf(row)), labelOf(row)]));
  const otherLabel = rows.filter(
    (row) => !isDeepStrictEqual(labels.get(foldText(textOf(row))), labelOf(row)),
  );
  return { kept, repeated: { rows: rows.length - kept.length, otherLabel: otherLabel.length } };
}

const countsOf = (files: readonly (readonly unknown[])[]): number[] => files.map(({ length }) => length);
