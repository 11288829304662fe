import { loadPack } from '@spillway/pack/load';
import type { CliConfig } from './cli.config.js';
import type { Terminal } from './terminal.js';
import { trainAndKeep } from './trained-models.js';

/** `spillway train`: trains the embedded models from the pack and keeps them for the next start. */
export async function train(json: boolean, config: CliConfig, terminal: Terminal): Promise<number> {
  const pack = await loadPack(config.pack);
  const examples = pack.intents.reduce((sum, { examples: own }) => sum + own.length, 0);
  terminal.note(`Training on ${examples} examples of ${pack.intents.length} intents …`);
  const started = performance.now();
  await trainAndKeep(pack, config.data, terminal.note);
  const seconds = (performance.now() - started) / 1000;
  const summary = { pack: pack.name, pack_hash: pack.hash, intents: pack.intents.length, examples, seconds };
  terminal.out(
    json
      ? `${JSON.stringify(summary)}\n`
      : `Trained on ${examples} examples of ${pack.intents.length} intents in ${seconds.toFixed(1)} s.\n`,
  );
  return 0;
}
