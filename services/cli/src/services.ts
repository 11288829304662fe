import type { DynamicModule } from '@nestjs/common';
import { type Served, serve } from '@spillway/bus/serve';
import { ClassifierModule } from '@spillway/classifier/module';
import { ConsoleModule } from '@spillway/console/module';
import { consoleOperations } from '@spillway/console/operations';
import { Fault } from '@spillway/contracts/fault';
import { DrafterModule } from '@spillway/drafter/module';
import { ExtractorModule } from '@spillway/extractor/module';
import { GatewayModule } from '@spillway/gateway/module';
import { gatewayOperations } from '@spillway/gateway/operations';
import { type HttpServer, serveHttp } from '@spillway/http/serve';
import { LedgerModule } from '@spillway/ledger/module';
import { PolisherModule } from '@spillway/polisher/module';
import { RouterModule } from '@spillway/router/module';
import { SentimentModule } from '@spillway/sentiment/module';
import type { CliConfig } from './cli.config.js';
import { measureGroups } from './group-metrics.js';
import type { Platform } from './platform.js';

/** Version of the API description and of the command. */
export const VERSION = '0.1.0';

interface EventService {
  readonly module: (platform: Platform) => DynamicModule;
  readonly slots: number;
  readonly order: 'key' | 'none';
  /** It calls models, which may never answer. */
  readonly waits?: boolean;
  readonly remember?: boolean;
}

/** Enough calls in flight to keep a slow endpoint busy; its own limit is the pack's. */
const WORKER = { slots: 256, order: 'none', waits: true } as const;

const eventServices: Readonly<Record<string, EventService>> = {
  classifier: { ...WORKER, module: ({ runner }) => ClassifierModule.with({ runner }) },
  extractor: { ...WORKER, module: ({ runner }) => ExtractorModule.with({ runner }) },
  sentiment: { ...WORKER, module: ({ runner }) => SentimentModule.with({ runner }) },
  drafter: { ...WORKER, module: ({ runner }) => DrafterModule.with({ runner }) },
  polisher: { ...WORKER, module: ({ runner }) => PolisherModule.with({ runner }) },
  router: {
    slots: 512,
    order: 'key',
    module: ({ bus, state, pack }) => RouterModule.with({ bus, state, policy: pack.policy, now: Date.now }),
  },
  // Facts may be written down in any order: many at once share a transaction.
  ledger: {
    slots: 1_024,
    order: 'none',
    remember: false,
    module: ({ ledger, pack }) => LedgerModule.with({ ledger, pack }),
  },
};

const httpServices = {
  gateway: {
    module: ({ bus, state, ledger }: Platform) => GatewayModule.with({ bus, state, ledger }),
    operations: gatewayOperations,
  },
  console: {
    module: ({ bus, state, ledger }: Platform) => ConsoleModule.with({ bus, state, ledger }),
    operations: consoleOperations,
  },
} as const;

/** Every service there is, by the name that `spillway start` takes. */
export const serviceNames: readonly string[] = [...Object.keys(httpServices), ...Object.keys(eventServices)];

/** Milliseconds that one attempt at one event may take: longer than any call with its retries. */
const DEADLINE_MARGIN_MS = 10_000;
/** A process that must stop waits this long for calls in flight. */
const DRAIN_MS = 15_000;
/** Where events wait for calls that are not made any more: long enough to record and publish what the last ones gave. */
const RECORD_MS = 1_000;
/** Without progress for this long a group is not doing its work. */
const STUCK_MS = 60_000;

export interface Running {
  /** Address of the API; undefined when neither gateway nor console runs here. */
  readonly url: string | undefined;
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
  const close = async (): Promise<void> => {
    await http?.close();
    // A call that is broken off is paid for, and made again by the next start.
    const unsent = await platform.finishCalls(DRAIN_MS);
    await Promise.all(served.map((each) => each.close(unsent ? RECORD_MS : DRAIN_MS)));
  };
  const { smallMs, bigMs } = platform.pack.policy.deadlines;
  try {
    const deadlineMs = Math.max(smallMs, bigMs) + DEADLINE_MARGIN_MS;
    for (const [group, { module, waits, ...how }] of Object.entries(eventServices)) {
      if (!names.includes(group)) continue;
      const options = { bus: platform.bus, group, module: module(platform), ...how };
      served.push(await serve(waits ? { ...options, deadlineMs } : options));
    }
    measureGroups(served);
    http = await startHttp(names, platform, config, served);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: http?.url, close };
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
): Promise<HttpServer | undefined> {
  const chosen = Object.entries(httpServices).filter(([name]) => names.includes(name));
  if (chosen.length === 0) return undefined;
  return serveHttp({
    modules: chosen.map(([, { module }]) => module(platform)),
    operations: chosen.flatMap(([, { operations }]) => [...operations]),
    host: config.host,
    port: config.port,
    apiKeys: config.apiKeys,
    readiness: async () => served.flatMap((each) => problemsOf(each)),
    service: chosen.map(([name]) => name)[0] ?? 'gateway',
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
