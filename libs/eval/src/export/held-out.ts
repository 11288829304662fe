import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { rowHash } from '@spillway/confidence/data-rows';
import type { StepName } from '@spillway/models/language-model';
import { evalFile } from '@spillway/pack/files';
import { readLabelled } from '../dataset.js';
import { readReplies } from '../reply-rows.js';
import type { Masking } from './mask.js';

/**
 * The row hashes of all messages in a pack's eval sets, whatever step they are labelled for: as they stand, and as they
 * are once masked, since a message that differs in an order number alone is the same to a model.
 *
 * @throws Fault as `readLabelled` and `readReplies` do
 */
export async function heldOutRows(directory: string, masking: Masking): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>();
  for (const file of await evalFiles(directory)) {
    const step = evalFile.exec(file)?.[1] as StepName;
    const path = join(directory, file);
    const rows = await (step === 'draft' || step === 'polish'
      ? readReplies(path, step)
      : readLabelled(path, step));
    for (const { input } of rows) {
      const mask = masking({ texts: [input.text], fields: [], names: { whole: [], words: [] } });
      hashes.add(rowHash(input.text)).add(rowHash(mask.text(input.text)));
    }
  }
  return hashes;
}

async function evalFiles(directory: string): Promise<readonly string[]> {
  try {
    const names = await readdir(join(directory, 'eval'));
    return names.map((name) => `eval/${name}`).filter((file) => evalFile.test(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
