import { once } from 'node:events';
import { Fault } from '@spillway/contracts/fault';
import { measureProcess } from '@spillway/telemetry/metrics';
import { startTracing } from '@spillway/telemetry/tracing';
import type { CliConfig } from './cli.config.js';
import { demo } from './demo.js';
import { openPlatform } from './platform.js';
import { requireServices, serviceNames, startServices, VERSION } from './services.js';
import type { Terminal } from './terminal.js';

export interface StartOptions {
  /** Empty: all. */
  readonly services: readonly string[];
  readonly demo: boolean;
  readonly exit: boolean;
}

const DAY_MS = 86_400_000;
const REVIEW_EVERY_DAYS = 31;

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
  const stopTracing = startTracing({ endpoint: config.otlpEndpoint });
  const platform = await openPlatform(config, terminal.note);
  try {
    const running = await startServices(names, platform, config);
    try {
      announce(platform.pack.policy.reviewedOn, running.url, names, config, terminal);
      const code =
        options.demo && running.url !== undefined
          ? await demo(platform.pack, running.url, config, terminal, signal)
          : 0;
      if (!options.exit && !signal.aborted) {
        terminal.note(`\nRunning${running.url === undefined ? '' : ` on ${running.url}`}. Ctrl-C stops.`);
        await once(signal, 'abort');
      }
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

function announce(
  reviewedOn: string,
  url: string | undefined,
  names: readonly string[],
  config: CliConfig,
  terminal: Terminal,
): void {
  const days = Math.floor((Date.now() - Date.parse(reviewedOn)) / DAY_MS);
  if (days > REVIEW_EVERY_DAYS) {
    terminal.note(`The policy was reviewed ${days} days ago, on ${reviewedOn}: review its thresholds.`);
  }
  terminal.note(`Services: ${names.join(', ')}`);
  if (url !== undefined) terminal.note(`API ${terminal.strong(url)} · docs ${url}/docs`);
  if (config.otlpEndpoint !== undefined) terminal.note(`Traces go to ${config.otlpEndpoint}`);
}
