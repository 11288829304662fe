import type { Bus } from '@spillway/bus/bus';
import { Fault } from '@spillway/contracts/fault';
import type { EmbeddedModels } from '@spillway/models/embedded';
import { threadedModels } from '@spillway/models/embedded-thread';
import { type Models, openModels } from '@spillway/models/registry';
import { type StepRunner, stepRunner } from '@spillway/models/runner';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { Ledger } from '@spillway/store/ledger';
import { recordedCalls } from '@spillway/store/recorded-calls';
import { counter } from '@spillway/telemetry/metrics';
import { CALLS_PAID_TWICE } from '@spillway/telemetry/names';
import type { CliConfig, Endpoint } from './cli.config.js';
import { type BusChoice, openBus, openLedger, openState } from './stores.js';
import { trainedFor } from './trained-models.js';

/** What a service can need besides the pack and the bus. */
export type Need = 'state' | 'ledger' | 'models';

interface Calling {
  readonly runner: StepRunner;
  /** Whether a model call may take its time or never answer. */
  readonly remote: boolean;
  /** Sends no model call any more and waits for those under way; whether others wait to be sent. */
  finish(timeoutMs: number): Promise<boolean>;
}

/** Everything that services share in one process. */
export interface Platform {
  readonly pack: Pack;
  readonly bus: Bus;
  /** Opened where it is among the needs; who asks for one that is not finds a programming error. */
  readonly state: KeyedState;
  readonly ledger: Ledger;
  readonly models: Calling;
  has(need: Need): boolean;
  close(): Promise<void>;
}

export interface PlatformOptions extends BusChoice {
  readonly needs: ReadonlySet<Need>;
  readonly say: (line: string) => void;
}

/**
 * Opens bus, and of stores and models what is needed, as the configuration names them.
 * Throws `misconfigured` for an unusable pack, data folder or server, `unavailable` when a server does not answer or
 * another process holds the data.
 */
export async function openPlatform(config: CliConfig, options: PlatformOptions): Promise<Platform> {
  const { needs, say } = options;
  const pack = await loadPack(config.pack);
  // First, because it refuses where another process is at work on the same data.
  const bus = await openBus(config, options);
  const closers = [() => bus.close()];
  try {
    const state = needs.has('state') || needs.has('models') ? await openState(config) : undefined;
    if (state !== undefined) closers.push(() => state.close());
    const ledger = needs.has('ledger') ? await openLedger(config) : undefined;
    if (ledger !== undefined) closers.push(() => ledger.close());
    const models =
      state !== undefined && needs.has('models')
        ? await openCalling(config, pack, state, say, closers)
        : undefined;
    return {
      pack,
      bus,
      get state() {
        return opened(state, 'state');
      },
      get ledger() {
        return opened(ledger, 'ledger');
      },
      get models() {
        return opened(models, 'models');
      },
      has: (need) => needs.has(need),
      close: () => closeAll(closers),
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

function opened<T>(part: T | undefined, need: Need): T {
  if (part === undefined) throw new Error(`no service of this process says that it needs ${need}`);
  return part;
}

async function openCalling(
  config: CliConfig,
  pack: Pack,
  state: KeyedState,
  say: (line: string) => void,
  closers: (() => Promise<void>)[],
): Promise<Calling> {
  const embedded = threadedModels(pack, await trainedFor(pack, config.data, say));
  closers.push(() => embedded.close());
  const models = modelsOf(config, pack, embedded);
  closers.push(() => models.close());
  const paidTwice = counter(CALLS_PAID_TWICE, []);
  const calls = recordedCalls(state, { onPaidTwice: () => paidTwice.inc() });
  const runner = stepRunner({ pack, models, calls, now: Date.now });
  return { runner, remote: models.remote, finish: (timeoutMs) => models.finish(timeoutMs) };
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
