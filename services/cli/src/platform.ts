import type { Bus } from '@spillway/bus/bus';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import type { Budget } from '@spillway/store/budget';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { Ledger } from '@spillway/store/ledger';
import { createLogger } from '@spillway/telemetry/logger';
import { measureBudget } from './budget-metrics.js';
import type { Calling, openCalling } from './calling.js';
import type { CliConfig } from './cli.config.js';
import { type BusChoice, openBudget, openBus, openLedger, openState } from './stores.js';

/** What a service can need besides the pack and the bus. */
export type Need = 'state' | 'ledger' | 'models' | 'budget';

/** Everything that services share in one process. */
export interface Platform {
  readonly pack: Pack;
  readonly bus: Bus;
  /** Opened where it is among the needs; who asks for one that is not finds a programming error. */
  readonly state: KeyedState;
  readonly ledger: Ledger;
  readonly models: Calling;
  /** Opened where it is among the needs, or models are, and the policy has caps. */
  readonly budget: Budget | undefined;
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
    const caps = needs.has('models') || needs.has('budget') ? pack.policy.budgets?.caps : undefined;
    const budget = caps === undefined ? undefined : await openBudget(config, caps);
    if (budget !== undefined) {
      closers.push(() => budget.close());
      measureBudget(budget, createLogger('budget'));
    }
    const models =
      state !== undefined && needs.has('models')
        ? await openModels(config, { pack, state, budget, say }, closers)
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
      budget,
      has: (need) => needs.has(need),
      close: () => closeAll(closers),
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** Loads the code of models only here: in a process that calls none it would be a fifth of the memory. */
async function openModels(...parts: Parameters<typeof openCalling>): Promise<Calling> {
  const { openCalling } = await import('./calling.js');
  return openCalling(...parts);
}

function opened<T>(part: T | undefined, need: Need): T {
  if (part === undefined) throw new Error(`no service of this process says that it needs ${need}`);
  return part;
}

/** Newest first: models write to stores, stores to files. */
async function closeAll(closers: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of closers.toReversed()) await close();
}
