import { fileURLToPath } from 'node:url';
import { loadPack } from '@spillway/pack/load';
import { printTargets } from './confidence/target.js';
import { bankingReplay } from './eval/banking-replay.js';

const pack = fileURLToPath(new URL('../../deploy/packs/support/', import.meta.url));

/** `spillway eval` on recorded and labelled data: figures that are known from elsewhere, reached by its own code path. */
export async function run(): Promise<void> {
  const example = await loadPack(pack);
  printTargets([...(await bankingReplay(example))]);
}
