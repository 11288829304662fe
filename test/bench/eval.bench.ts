import { fileURLToPath } from 'node:url';
import { loadPack } from '@spillway/pack/load';
import { printTargets } from './confidence/target.js';
import { bankingReplay } from './eval/banking-replay.js';
import { embeddedSets } from './eval/embedded-sets.js';
import { extraction } from './eval/extraction.js';

const pack = fileURLToPath(new URL('../../deploy/packs/support/', import.meta.url));

/**
 * `spillway eval` on recorded and labelled data: figures that are known from elsewhere, reached by its own code path.
 * `--quick` takes one set of each kind and leaves the replay out.
 */
export async function run(options: readonly string[] = []): Promise<void> {
  const unknown = options.filter((option) => option !== '--quick');
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; there is --quick`);
  const quick = options.includes('--quick');
  const example = await loadPack(pack);
  extraction();
  printTargets([
    ...(await embeddedSets(example, pack, quick)),
    ...(quick ? [] : await bankingReplay(example)),
  ]);
}
