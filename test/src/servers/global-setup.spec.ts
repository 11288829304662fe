import { expect, it, vi } from 'vitest';
import { run } from './runner.js';

const timeout = 60_000;
const all = ['kafkaBrokers', 'redisUrl', 'databaseUrl'];

it('starts the servers that the selected specs inject, and tells where each came from', {
  timeout,
}, async () => {
  await using runner = await run(all);
  expect(await runner.ended(), runner.output()).toBe(0);
  const started = (name: string) =>
    expect.stringMatching(new RegExp(`^${name} \\d[\\d.]+ from \\S+, on .+ in \\d+\\.\\d s$`));
  const lines = runner.output().split('\n');
  for (const name of ['Kafka', 'Redis', 'PostgreSQL']) expect(lines).toContainEqual(started(name));
  expect(runner.output()).toMatch(
    /given 127\.0\.0\.1:\d+\n.*given redis:\/\/127\.0\.0\.1:\d+\n.*given postgres:\/\//s,
  );
  expect(runner.left()).toEqual([]);
});

it('starts nothing that no spec injects', { timeout }, async () => {
  await using runner = await run(['redisUrl']);
  expect(await runner.ended(), runner.output()).toBe(0);
  expect(runner.output()).not.toMatch(/^(Kafka|PostgreSQL)/m);
});

it.each([
  ['kafkaBrokers', 'SPILLWAY_TEST_KAFKA', 'kafka.example:9092'],
  ['redisUrl', 'SPILLWAY_TEST_REDIS', 'redis://redis.example'],
  ['databaseUrl', 'SPILLWAY_TEST_POSTGRES', 'postgres://postgres.example/test'],
])('takes %s from %s', { timeout }, async (name, variable, address) => {
  await using runner = await run([name], { environment: { [variable]: address } });
  expect(await runner.ended(), runner.output()).toBe(0);
  expect(runner.output()).toContain(`${name}: ${variable}\n`);
  expect(runner.output()).toContain(`given ${address}\n`);
});

it('ends with what to do where a server cannot be had, and leaves nothing', { timeout }, async () => {
  await using runner = await run(all, { environment: { KAFKA_HOME: '/nowhere' } });
  expect(await runner.ended()).toBe(1);
  expect(runner.output()).toContain('There is no Kafka 4 in /nowhere/libs');
  expect(runner.left()).toEqual([]);
});

it.each<[string, readonly string[], (pid: number) => void]>([
  ['is killed', all, (pid) => process.kill(pid, 'SIGKILL')],
  ['is killed with all its processes', ['redisUrl', 'databaseUrl'], (pid) => process.kill(-pid, 'SIGKILL')],
  ['is interrupted with Ctrl-C', ['redisUrl', 'databaseUrl'], (pid) => process.kill(-pid, 'SIGINT')],
  ['is ended', ['redisUrl', 'databaseUrl'], (pid) => process.kill(pid, 'SIGTERM')],
])('leaves neither a process nor data when the runner %s', { timeout }, async (_, injected, end) => {
  await using runner = await run(injected, { held: true });
  await runner.says('given');
  expect(runner.left().length).toBeGreaterThan(injected.length);
  end(runner.pid);
  await vi.waitFor(() => expect(runner.left()).toEqual([]), 30_000);
});

it.each(['kafka', 'postgres'])(
  'leaves nothing when the runner is killed while %s starts',
  { timeout },
  async (name) => {
    await using runner = await run(all);
    await runner.startsServer(name);
    process.kill(runner.pid, 'SIGKILL');
    await vi.waitFor(() => expect(runner.left()).toEqual([]), 30_000);
  },
);
