import { setTimeout as delay } from 'node:timers/promises';
import { configureLogs } from '@spillway/telemetry/logger';
import { type Server, startServer } from '../src/server.js';
import { fill } from './kafka/records.js';
import { type Stack, startStack } from './pipeline/stack.js';
import { quantile } from './statistics.js';
import { head, row, shown } from './table.js';

/** What fits into memory must not depend on it. */
const backlogs = [20_000, 100_000, 200_000];

/** Endpoints that nobody asks anything: a process that calls them loads no embedded models. */
const endpoints = {
  ...{ SMALL_BASE_URL: 'http://127.0.0.1:9/v1', SMALL_MODEL: 'small-bench', SMALL_API_KEY: 'bench' },
  ...{ BIG_BASE_URL: 'http://127.0.0.1:9/v1', BIG_MODEL: 'big-bench', BIG_API_KEY: 'bench' },
};

interface Watched {
  readonly name: string;
  /** None: all. */
  readonly services: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const processes: readonly Watched[] = [
  ...['gateway', 'router', 'ledger'].map((name) => ({ name, services: [name], environment: {} })),
  { name: 'classifier, endpoints', services: ['classifier'], environment: endpoints },
  { name: 'classifier, embedded models', services: ['classifier'], environment: {} },
  { name: 'all, endpoints', services: [], environment: endpoints },
  { name: 'all, embedded models', services: [], environment: {} },
];

/** What a process takes that has nothing to do, and whether one that has much to do grows with it. */
export async function run(): Promise<void> {
  configureLogs({ level: 'warn' });
  const stack = await startStack();
  try {
    await idle(stack);
    await workOff(stack);
  } finally {
    await stack.stop();
  }
}

async function idle(stack: Stack, seconds = 30): Promise<void> {
  process.stdout.write(`\nIdle processes on Kafka, Redis and PostgreSQL, ${seconds} s after 20 s.\n`);
  head('process', 'CPU %', 'resident, MiB');
  for (const { name, services, environment } of processes) {
    const server = await startServer({ ...stack.environment, ...environment }, services);
    try {
      await delay(20_000);
      const before = server.cpuMs();
      await delay(seconds * 1000);
      const cpu = (server.cpuMs() - before) / (seconds * 10);
      row(name, shown(cpu), shown(server.memory()));
    } finally {
      await server.remove();
    }
  }
}

/** Memory while a classifier works off what has piled up. */
async function workOff(stack: Stack): Promise<void> {
  process.stdout.write(
    '\nA backlog on one topic, worked off by a new classifier with embedded models: its resident memory, MiB.\n',
  );
  head('messages', 'seconds', '10 %', '50 %', '100 %', 'peak');
  for (const count of backlogs) {
    await fill(stack.servers.kafka.address, count, 5_000);
    const server = await startServer(stack.environment, ['classifier']);
    try {
      const memory: number[] = [];
      const start = performance.now();
      while ((await handled(server)) < count) {
        memory.push(server.memory());
        await delay(250);
      }
      const seconds = (performance.now() - start) / 1000;
      const at = (share: number): string =>
        shown(memory[Math.min(memory.length - 1, Math.floor(share * memory.length))] ?? Number.NaN);
      row(shown(count), shown(seconds), at(0.1), at(0.5), at(1), shown(quantile(memory, 1)));
    } finally {
      await server.remove();
    }
  }
}

/** Events that the process has handled, by its own metrics. */
async function handled({ url }: Server): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = text.matchAll(/^spillway_events_handled_total\{[^}]*\} (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
