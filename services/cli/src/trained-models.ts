import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '@spillway/contracts/fault';
import { decodeTrained, encodeTrained, sourceOf, trainPack } from '@spillway/models/train';
import type { Pack } from '@spillway/pack/pack';
import { tenths } from './terminal.js';
import { requireDataFolder } from './writable-folder.js';

type Trained = ReturnType<typeof trainPack>;

const trainedFile = (data: string, pack: Pack): string =>
  join(data, 'models', `${sourceOf(pack).slice(0, 32)}.bin`);

/** The embedded models of this pack's examples: those trained before, or trained now and kept. */
export async function trainedFor(pack: Pack, data: string, say: (line: string) => void): Promise<Trained> {
  const kept = await keptModels(trainedFile(data, pack));
  if (kept?.source === sourceOf(pack)) return kept;
  return trainAndKeep(pack, data, say);
}

async function keptModels(path: string): Promise<Trained | undefined> {
  try {
    const { buffer, byteOffset, byteLength } = await readFile(path);
    // Plain bytes: `slice` of a Buffer shares what `slice` of an array copies.
    return decodeTrained(new Uint8Array(buffer, byteOffset, byteLength));
  } catch (error) {
    // Not there, or written by another version: they are made again from the pack.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || Fault.from(error).code === 'malformed')
      return undefined;
    throw error;
  }
}

/** Trains the embedded models of the pack and keeps them in the data folder. Throws `misconfigured` where that takes nothing. */
export async function trainAndKeep(pack: Pack, data: string, say: (line: string) => void): Promise<Trained> {
  const path = trainedFile(data, pack);
  await requireDataFolder(dirname(path));
  const isDue = tenths();
  const trained = trainPack(pack, (doing, share) => {
    if (isDue(share)) say(`  ${doing} (${Math.round(100 * share)} %)`);
  });
  // Never half a file under the final name, whatever happens.
  await writeFile(`${path}.new`, encodeTrained(trained));
  await rename(`${path}.new`, path);
  return trained;
}
