import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKafka } from '../../servers/kafka.js';
import { startPostgres } from '../../servers/postgres.js';
import { startRedis } from '../../servers/redis.js';
import type { TestServer } from '../../servers/test-server.js';
import { type Server, spillway, startServer } from '../server.js';

const groups = [
  ['gateway', 'console'],
  ['classifier'],
  ['extractor'],
  ['sentiment'],
  ['drafter'],
  ['polisher'],
  ['router'],
  ['ledger'],
] as const;
let stores: readonly TestServer[] = [];
let environment: Readonly<Record<string, string>>;
const processes: Server[] = [];

beforeAll(async () => {
  stores = await Promise.all([startKafka(), startRedis({ appendfsync: 'always' }), startPostgres()]);
  const [kafka, redis, postgres] = stores as [TestServer, TestServer, TestServer];
  environment = { KAFKA_BROKERS: kafka.address, REDIS_URL: redis.address, DATABASE_URL: postgres.address };
}, 180_000);

afterAll(async () => {
  await Promise.all(processes.map((process) => process.remove()));
  await Promise.all(stores.map((store) => store.stop()));
}, 60_000);

describe('every service in a process of its own, on Kafka, Redis and PostgreSQL', () => {
  it('refuses to start where topics are missing, and names each', async () => {
    const { code, stderr } = await spillway(['start', 'router'], environment);
    expect(code).toBe(3);
    expect(stderr).toContain('message.received: is missing');
    expect(stderr).toContain('step.completed.router.retry: is missing');
    expect(stderr).toContain('--create-topics');
  }, 60_000);

  it('starts each one, with health and metrics of its own', async () => {
    processes.push(
      ...(await Promise.all(groups.map((names) => startServer(environment, [...names, '--create-topics'])))),
    );
    for (const [index, { url }] of processes.entries()) {
      const [live, ready, metrics] = await Promise.all(
        ['livez', 'readyz', 'metrics'].map((path) => fetch(`${url}/${path}`)),
      );
      expect([live?.status, ready?.status, metrics?.status]).toEqual([200, 200, 200]);
      const text = (await metrics?.text()) ?? '';
      const [name = ''] = groups[index] ?? [];
      if (name !== 'gateway') expect(text).toContain(`spillway_bus_lag{group="${name}"}`);
    }
  }, 180_000);

  it('answers a message through all of them, and tells of it', async () => {
    const api = { SPILLWAY_PORT: String(processes[0]?.port) };
    const text = 'Where is my order FF-204518? I ordered it last week.';
    const { code, stdout } = await spillway(['send', text, '--channel', 'form', '--wait', '--json'], api);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'settled' });
  }, 90_000);

  it('stops each with exit code 0', async () => {
    const codes = await Promise.all(processes.map((process) => process.stop()));
    expect(codes).toEqual(groups.map(() => 0));
  }, 60_000);
});
