import { once } from 'node:events';
import { Fault } from '@spillway/contracts/fault';
import { reviewWarning } from '@spillway/policy/review';
import { measureProcess } from '@spillway/telemetry/metrics';
import { type Recording, startTracing } from '@spillway/telemetry/tracing';
import type { CliConfig } from './cli.config.js';
import type { demo } from './demo.js';
import { openPlatform } from './platform.js';
import { needsOf, requireServices, serviceNames, startServices } from './services.js';
import { releaseStartMemory } from './start-memory.js';
import type { Terminal } from './terminal.js';
import { VERSION } from './version.js';

export interface StartOptions {
  /** Empty: all. */
  readonly services: readonly string[];
  readonly demo: boolean;
  readonly exit: boolean;
  /** Makes topics that are missing; only Kafka has topics to make. */
  readonly createTopics: boolean;
}

/** `spillway start`: runs services until the signal is aborted. Returns the exit code. */
export async function start(
  options: StartOptions,
  config: CliConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  requireServices(options.services);
  const names = options.services.length === 0 ? serviceNames : options.services;
  if (options.demo && options.services.length > 0) {
    throw new Fault('rejected', 'the sample inbox needs every service: leave out their names or --demo');
  }
  terminal.note(`${terminal.strong(`Spillway ${VERSION}`)} · pack ${config.pack} · data ${config.data}`);
  measureProcess();
  const stopTracing = startTracing(await exporterOf(config));
  const dead = new AbortController();
  const platform = await openPlatform(config, {
    needs: needsOf(names),
    say: terminal.note,
    createTopics: options.createTopics,
    onFatal: (fault) => dead.abort(fault),
  });
  const stopped = AbortSignal.any([signal, dead.signal]);
  try {
    const running = await startServices(names, platform, config);
    try {
      releaseStartMemory();
      announce(platform.pack.policy.reviewedOn, running.url, names, config, terminal);
      const code = options.demo ? await runDemo(platform.pack, running.url, config, terminal, stopped) : 0;
      if (!options.exit && !stopped.aborted) {
        terminal.note(`\nRunning on ${running.url}. Ctrl-C stops.`);
        await once(stopped, 'abort');
      }
      if (dead.signal.aborted) throw Fault.from(dead.signal.reason);
      return code;
    } finally {
      terminal.note('Finishing what is in flight …');
      await running.close();
    }
  } finally {
    await platform.close();
    await stopTracing();
  }
}

/** The exporter's code is loaded only where there is an endpoint to export to. */
async function exporterOf({ otlpEndpoint }: CliConfig): Promise<Recording | undefined> {
  if (otlpEndpoint === undefined) return undefined;
  const { exportTo } = await import('@spillway/telemetry/span-export');
  return exportTo(otlpEndpoint);
}

async function runDemo(...parts: Parameters<typeof demo>): Promise<number> {
  const { demo } = await import('./demo.js');
  return demo(...parts);
}

function announce(
  reviewedOn: string,
  url: string,
  names: readonly string[],
  config: CliConfig,
  terminal: Terminal,
): void {
  const warning = reviewWarning({ reviewedOn }, Date.now());
  if (warning !== undefined) terminal.note(`Attention: ${warning}.`);
  terminal.note(`Services: ${names.join(', ')}`);
  const api = names.includes('gateway') || names.includes('console');
  terminal.note(
    api
      ? `API ${terminal.strong(url)} · docs ${url}/docs`
      : `Health and metrics ${url}/readyz, ${url}/metrics`,
  );
  terminal.note(`Bus, state, ledger: ${driversOf(config).join(', ')}`);
  if (config.otlpEndpoint !== undefined) terminal.note(`Traces go to ${config.otlpEndpoint}`);
}

const driversOf = ({ kafka, redisUrl, databaseUrl }: CliConfig): readonly string[] => [
  kafka === undefined ? 'embedded' : `Kafka at ${kafka.brokers.join(',')}`,
  redisUrl === undefined ? 'embedded' : `Redis at ${new URL(redisUrl).host}`,
  databaseUrl === undefined ? 'embedded' : `PostgreSQL at ${new URL(databaseUrl).host}`,
];
