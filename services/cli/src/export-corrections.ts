import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabelledStep } from '@spillway/eval/dataset';
import { correctedRows, correctedSet, withRows } from '@spillway/eval/export/corrected-set';
import type { Exported } from '@spillway/eval/export/rows';
import { changeOf, type FileChange } from '@spillway/eval/proposal';
import { spendsOf } from '@spillway/eval/spent-rows';
import { SPENT_ROWS } from '@spillway/pack/files';
import type { WantedExport } from './export-options.js';

interface Corrections {
  readonly corrected: Exported;
  /** What the pack's eval set would become. */
  readonly change: FileChange;
}

/**
 * People's labels that the eval sets of a pack lack, as a change of the one that is for them.
 *
 * @throws Fault `malformed` when the record of spent rows cannot be read
 */
export async function correctionsFor(
  { step, onlyPart }: WantedExport,
  { rows, leftOut }: Exported,
  pack: string,
): Promise<Corrections> {
  const wanted = rows.filter(({ part }) => onlyPart === undefined || part === onlyPart);
  const corrected = correctedRows({ rows: wanted, leftOut }, await spentRows(pack, step));
  const file = correctedSet(step as LabelledStep);
  const now = await changeOf(pack, file, '');
  return { corrected, change: { ...now, after: withRows(now.before, corrected.rows) } };
}

/** Row hashes that have certified the step. */
async function spentRows(pack: string, step: string): Promise<ReadonlySet<string>> {
  const path = join(pack, SPENT_ROWS);
  if (!existsSync(path)) return new Set();
  const spends = spendsOf(SPENT_ROWS, await readFile(path, 'utf8'));
  return new Set(spends.filter(({ task }) => task === step).flatMap(({ rows }) => rows));
}
