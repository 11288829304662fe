import type { DynamicModule } from '@nestjs/common';
import { type Served, serve } from '@spillway/bus/serve';
import { Fault } from '@spillway/contracts/fault';
import { type HttpServer, serveHttp } from '@spillway/http/serve';
import { API_PORT, type CliConfig } from './cli.config.js';
import { measureGroups } from './group-metrics.js';
import type { Need, Platform } from './platform.js';
import { VERSION } from './version.js';

interface EventService {
  readonly needs: readonly Need[];
  /** Loads the service's code only here: a process of one service is spared that of the others. */
  readonly module: (platform: Platform) => Promise<DynamicModule>;
  readonly slots: number;
  readonly order: 'key' | 'none';
  /** It calls models, which may never answer. */
  readonly waits?: boolean;
  readonly remember?: boolean;
  /** Milliseconds in which its events may gather on the log. */
  readonly gatherMs?: number;
}

/** Enough calls in flight to keep a slow endpoint busy; its own limit is the pack's. */
const WORKER = { needs: ['models'], slots: 256, order: 'none', waits: true } as const;

const eventServices: Readonly<Record<string, EventService>> = {
  classifier: {
    ...WORKER,
    module: async ({ models }) => (await import('@spillway/classifier/module')).ClassifierModule.with(models),
  },
  extractor: {
    ...WORKER,
    module: async ({ models }) => (await import('@spillway/extractor/module')).ExtractorModule.with(models),
  },
  sentiment: {
    ...WORKER,
    module: async ({ models }) => (await import('@spillway/sentiment/module')).SentimentModule.with(models),
  },
  drafter: {
    ...WORKER,
    module: async ({ models }) => (await import('@spillway/drafter/module')).DrafterModule.with(models),
  },
  polisher: {
    ...WORKER,
    module: async ({ models }) => (await import('@spillway/polisher/module')).PolisherModule.with(models),
  },
  router: {
    needs: ['state'],
    slots: 512,
    order: 'key',
    async module({ bus, state, pack }) {
      const { RouterModule } = await import('@spillway/router/module');
      return RouterModule.with({ bus, state, policy: pack.policy, now: Date.now });
    },
  },
  // Facts may be written down in any order: many at once share a fetch and a transaction.
  ledger: {
    needs: ['ledger'],
    slots: 1_024,
    order: 'none',
    remember: false,
    gatherMs: 50,
    async module({ ledger, pack }) {
      const { LedgerModule } = await import('@spillway/ledger/module');
      return LedgerModule.with({ ledger, pack });
    },
  },
};

const httpServices = {
  gateway: {
    needs: ['state', 'ledger', 'budget'],
    async module({ bus, state, ledger, pack, budget }: Platform) {
      const { GatewayModule } = await import('@spillway/gateway/module');
      return GatewayModule.with({ bus, state, ledger, pack, budget });
    },
    operations: async () => (await import('@spillway/gateway/operations')).gatewayOperations,
  },
  console: {
    needs: ['state', 'ledger'],
    async module({ bus, state, ledger }: Platform) {
      const { ConsoleModule } = await import('@spillway/console/module');
      return ConsoleModule.with({ bus, state, ledger });
    },
    operations: async () => (await import('@spillway/console/operations')).consoleOperations,
  },
} as const;

/** Every service there is, by the name that `spillway start` takes. */
export const serviceNames: readonly string[] = [...Object.keys(httpServices), ...Object.keys(eventServices)];

/** What the named services need besides the pack and the bus. */
export function needsOf(names: readonly string[]): ReadonlySet<Need> {
  const all: Readonly<Record<string, { readonly needs: readonly Need[] }>> = {
    ...eventServices,
    ...httpServices,
  };
  return new Set(names.flatMap((name) => all[name]?.needs ?? []));
}

/** Milliseconds that one attempt at one event may take: longer than any call with its retries. */
const DEADLINE_MARGIN_MS = 10_000;
/** A process that must stop waits this long for calls in flight. */
const DRAIN_MS = 15_000;
/** And so long for requests: one that takes longer waits for a server that is gone. */
const REQUESTS_MS = 3_000;
/** Where events wait for calls that are not made any more: long enough to record and publish what the last ones gave. */
const RECORD_MS = 1_000;
/** Without progress for this long a group is not doing its work. */
const STUCK_MS = 60_000;

export interface Running {
  /** Address of the API, or, where neither gateway nor console runs here, of health and metrics. */
  readonly url: string;
  /** Takes no more work, lets what is in flight finish, and stops. */
  close(): Promise<void>;
}

/** Starts services in this process. Throws `misconfigured` for a name that is none, before anything starts. */
export async function startServices(
  names: readonly string[],
  platform: Platform,
  config: CliConfig,
): Promise<Running> {
  const served: Served[] = [];
  let http: HttpServer | undefined;
  const drain = async (): Promise<void> => {
    const within = (ms: number): Promise<unknown> => Promise.all(served.map((each) => each.close(ms)));
    if (platform.has('models')) {
      // A call that is broken off is paid for, and made again by the next start.
      await platform.models.finish(DRAIN_MS);
      // An event can come to its call only after the last one has ended. Faults are told to who waits below.
      platform.models.unsent.then(() => within(RECORD_MS)).catch(() => undefined);
    }
    await within(DRAIN_MS);
  };
  const close = async (): Promise<void> => void (await Promise.all([http?.close(REQUESTS_MS), drain()]));
  const { smallMs, bigMs } = platform.pack.policy.deadlines;
  const retries = config.retryDelaysMs === undefined ? {} : { retryDelaysMs: config.retryDelaysMs };
  try {
    const deadlineMs = Math.max(smallMs, bigMs) + DEADLINE_MARGIN_MS;
    for (const [group, { module, waits, ...how }] of Object.entries(eventServices)) {
      if (!names.includes(group)) continue;
      const options = { bus: platform.bus, group, module: await module(platform), ...how, ...retries };
      served.push(await serve(waits && platform.models.remote ? { ...options, deadlineMs } : options));
    }
    measureGroups(served);
    http = await startHttp(names, platform, config, served);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: http.url, close };
}

/** Throws `misconfigured` with every name that is no service. */
export function requireServices(names: readonly string[]): void {
  const problems = names
    .filter((name) => !serviceNames.includes(name))
    .map((where) => ({ where, message: `is no service; there are ${serviceNames.join(', ')}` }));
  if (problems.length > 0) throw new Fault('rejected', 'no such service', { problems });
}

async function startHttp(
  names: readonly string[],
  platform: Platform,
  config: CliConfig,
  served: readonly Served[],
): Promise<HttpServer> {
  const chosen = Object.entries(httpServices).filter(([name]) => names.includes(name));
  return serveHttp({
    modules: await Promise.all(chosen.map(([, { module }]) => module(platform))),
    operations: (await Promise.all(chosen.map(([, { operations }]) => operations()))).flat(),
    host: config.host,
    // Several workers on one host: whoever has no API takes any port, unless one is asked for.
    port: config.port ?? (chosen.length === 0 ? 0 : API_PORT),
    apiKeys: config.apiKeys,
    readiness: async () => served.flatMap((each) => problemsOf(each)),
    service: chosen.map(([name]) => name)[0] ?? names[0] ?? 'spillway',
    version: VERSION,
  });
}

function problemsOf(served: Served) {
  const { group, alive, inFlight, oldestAgeMs } = served.health();
  if (!alive) return [{ where: group, message: 'has stopped reading events' }];
  const stuck = inFlight === 0 && oldestAgeMs > STUCK_MS;
  return stuck
    ? [{ where: group, message: `has not taken up an event for ${Math.round(oldestAgeMs / 1000)} s` }]
    : [];
}
