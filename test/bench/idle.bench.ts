import { setTimeout as delay } from 'node:timers/promises';
import { configureLogs } from '@spillway/telemetry/logger';
import { type Server, startServer } from '../src/server.js';
import { fill } from './kafka/records.js';
import { type Stack, startStack } from './pipeline/stack.js';
import { quantile } from './statistics.js';
import { head, row, shown } from './table.js';

const BACKLOG = 100_000;

/** Names of the services of each process that is watched while there is nothing to do. */
const processes = [
  ['classifier'],
  ['drafter'],
  ['polisher'],
  ['router'],
  ['gateway'],
  ['ledger'],
  [],
] as const;

/** An endpoint that nobody asks anything: a process that calls it has no embedded models at work. */
const endpoints = {
  ...{ SMALL_BASE_URL: 'http://127.0.0.1:9/v1', SMALL_MODEL: 'small-bench', SMALL_API_KEY: 'bench' },
  ...{ BIG_BASE_URL: 'http://127.0.0.1:9/v1', BIG_MODEL: 'big-bench', BIG_API_KEY: 'bench' },
};

/** What a process takes that has nothing to do, and whether one that has much to do grows with it. */
export async function run(): Promise<void> {
  configureLogs({ level: 'warn' });
  const stack = await startStack();
  try {
    await idle(stack);
    await backlog(stack);
  } finally {
    await stack.stop();
  }
}

async function idle(stack: Stack, seconds = 20): Promise<void> {
  process.stdout.write(`\nIdle processes on Kafka, Redis and PostgreSQL, ${seconds} s after 10 s.\n`);
  head('services', 'models', 'CPU %', 'resident, MiB');
  for (const services of processes) {
    for (const [models, more] of [['embedded', {}] as const, ['endpoints', endpoints] as const]) {
      const server = await startServer({ ...stack.environment, ...more }, services);
      try {
        await delay(10_000);
        const before = server.cpuMs();
        await delay(seconds * 1000);
        const cpu = (server.cpuMs() - before) / (seconds * 10);
        row(services.join('+') || 'all', models, shown(cpu), shown(server.memory()));
      } finally {
        await server.remove();
      }
    }
  }
}

/** Memory while a classifier works off what has piled up. */
async function backlog(stack: Stack, count = BACKLOG): Promise<void> {
  process.stdout.write(
    `\nA backlog of ${shown(count)} messages on one topic, embedded models: resident memory while it is worked off.\n`,
  );
  head('services', 'seconds', '10 %', '50 %', '100 %', 'peak, MiB');
  await fill(stack.servers.kafka.address, count, 5_000);
  const server = await startServer(stack.environment, ['classifier']);
  try {
    const memory: number[] = [];
    const start = performance.now();
    while ((await handled(server)) < count) {
      memory.push(server.memory());
      await delay(500);
    }
    const at = (share: number): string =>
      shown(memory[Math.min(memory.length - 1, Math.floor(share * memory.length))] ?? Number.NaN);
    const seconds = (performance.now() - start) / 1000;
    row('classifier', shown(seconds), at(0.1), at(0.5), at(1), shown(quantile(memory, 1)));
  } finally {
    await server.remove();
  }
}

/** Events that the process has handled, by its own metrics. */
async function handled({ url }: Server): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = text.matchAll(/^spillway_events_handled_total\{[^}]*\} (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
