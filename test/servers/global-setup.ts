import { readFile } from 'node:fs/promises';
import type { ProvidedContext } from 'vitest';
import type { TestProject } from 'vitest/node';
import { startKafka } from './kafka.js';
import { startPostgres } from './postgres.js';
import { startRedis } from './redis.js';

const servers = {
  kafkaBrokers: { variable: 'SPILLWAY_TEST_KAFKA', start: startKafka },
  redisUrl: { variable: 'SPILLWAY_TEST_REDIS', start: startRedis },
  databaseUrl: { variable: 'SPILLWAY_TEST_POSTGRES', start: startPostgres },
};

/** Starts the servers that the selected spec files inject, side by side, and ends them after the last spec. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const specs = await selectedSpecs(project);
  const names = (Object.keys(servers) as (keyof ProvidedContext)[]).filter((name) => {
    const injected = specs.some((text) => text.includes(`inject('${name}')`));
    // A client given this says it in its error.
    if (!injected) project.provide(name, `no selected spec file has inject('${name}')`);
    return injected;
  });
  const outcomes = await Promise.allSettled(names.map((name) => serve(project, name)));
  const stop = async (): Promise<void> => {
    const stops = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    await Promise.all(stops.map((end) => end()));
  };
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length === 0) return stop;
  await stop();
  throw new Error(failures.map((failure) => failure.message).join('\n'));
}

/** In watch mode any spec may come next. */
async function selectedSpecs(project: TestProject): Promise<readonly string[]> {
  const paths = project.config.watch
    ? (await project.globTestFiles()).testFiles
    : project.vitest.state.getPaths();
  return Promise.all(paths.map((path) => readFile(path, 'utf8')));
}

async function serve(project: TestProject, name: keyof ProvidedContext): Promise<() => Promise<void>> {
  const { variable, start } = servers[name];
  const given = process.env[variable];
  if (given) {
    project.provide(name, given);
    say(`${name}: ${variable}`);
    return async () => {};
  }
  const started = performance.now();
  const server = await start();
  project.provide(name, server.address);
  say(`${server.origin}, on ${server.address} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return server.stop;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
