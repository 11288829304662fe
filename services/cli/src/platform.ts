import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bus } from '@spillway/bus/bus';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { Fault } from '@spillway/contracts/fault';
import type { EmbeddedModels } from '@spillway/models/embedded';
import { threadedModels } from '@spillway/models/embedded-thread';
import { type Models, openModels } from '@spillway/models/registry';
import { type StepRunner, stepRunner } from '@spillway/models/runner';
import { decodeTrained, encodeTrained, sourceOf, trainPack } from '@spillway/models/train';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import { openEmbeddedLedger } from '@spillway/store/embedded-ledger';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { Ledger } from '@spillway/store/ledger';
import { recordedCalls } from '@spillway/store/recorded-calls';
import type { CliConfig, Endpoint } from './cli.config.js';

type Trained = ReturnType<typeof trainPack>;

/** Everything that services share in one process. */
export interface Platform {
  readonly pack: Pack;
  readonly bus: Bus;
  readonly state: KeyedState;
  readonly ledger: Ledger;
  readonly runner: StepRunner;
  /** Sends no model call any more and waits for those under way; whether others wait to be sent. */
  finishCalls(timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens bus, stores and models as the configuration names them.
 * Throws `misconfigured` for an unusable pack or data folder, `unavailable` when another process holds the data.
 */
export async function openPlatform(config: CliConfig, say: (line: string) => void): Promise<Platform> {
  const pack = await loadPack(config.pack);
  const at = (file: string): string => join(config.data, file);
  // First, because it refuses where another process is at work on the same data.
  const bus = openEmbeddedBus({ path: at('bus.db') });
  const closers = [() => bus.close()];
  try {
    const state = openEmbeddedKeyedState({ path: at('state.db'), endLeases: true });
    closers.push(() => state.close());
    const ledger = openEmbeddedLedger({ path: at('ledger.db') });
    closers.push(() => ledger.close());
    const embedded = threadedModels(pack, await trainedFor(pack, config.data, say));
    closers.push(() => embedded.close());
    const models = modelsOf(config, pack, embedded);
    closers.push(() => models.close());
    const runner = stepRunner({ pack, models, calls: recordedCalls(state), now: Date.now });
    const { finish } = models;
    return { pack, bus, state, ledger, runner, finishCalls: finish, close: () => closeAll(closers) };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** Newest first: models write to stores, stores to files. */
async function closeAll(closers: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of closers.toReversed()) await close();
}

/** The models of the pack, with what the environment puts in the place of its endpoints. */
export function modelsOf(config: CliConfig, pack: Pack, embedded: EmbeddedModels): Models {
  return openModels({
    pack,
    embedded,
    overrides: {
      ...overrideOf(pack, 'small', config.endpoints.small),
      ...overrideOf(pack, 'big', config.endpoints.big),
    },
    apiKeys: config.secret,
  });
}

function overrideOf(pack: Pack, tier: 'small' | 'big', endpoint: Endpoint | undefined) {
  if (endpoint === undefined) return {};
  const reference = pack.models.find(({ name }) => name === pack.reference[tier]);
  const baseUrl = endpoint.baseUrl ?? reference?.baseUrl;
  if (baseUrl === undefined) {
    const where = `${tier.toUpperCase()}_BASE_URL`;
    throw new Fault('misconfigured', 'an endpoint has no address', {
      problems: [{ where, message: `is needed: the pack has no address for its ${tier} reference model` }],
    });
  }
  return { [tier]: { baseUrl, apiKey: endpoint.apiKey, model: endpoint.model ?? reference?.model ?? '' } };
}

const trainedFile = (data: string, pack: Pack): string =>
  join(data, 'models', `${sourceOf(pack).slice(0, 32)}.bin`);

/** The embedded models of this pack's examples: those trained before, or trained now and kept. */
async function trainedFor(pack: Pack, data: string, say: (line: string) => void): Promise<Trained> {
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

/** Trains the embedded models of the pack and keeps them in the data folder. */
export async function trainAndKeep(pack: Pack, data: string, say: (line: string) => void): Promise<Trained> {
  const trained = trainPack(pack, (doing, share) => say(`  ${doing} (${Math.round(100 * share)} %)`));
  const path = trainedFile(data, pack);
  await mkdir(join(data, 'models'), { recursive: true });
  // Never half a file under the final name, whatever happens.
  await writeFile(`${path}.new`, encodeTrained(trained));
  await rename(`${path}.new`, path);
  return trained;
}
