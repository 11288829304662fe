import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startKafka } from '../../servers/kafka.js';
import type { TestServer } from '../../servers/test-server.js';
import { call, post, until } from '../api.js';
import { type Server, spillway, startServer } from '../server.js';

const services = [
  'gateway',
  'console',
  'classifier',
  'extractor',
  'sentiment',
  'drafter',
  'polisher',
  'router',
  'ledger',
];

// Topics have fixed names: a broker of its own.
let kafka: TestServer;
let environment: Readonly<Record<string, string>>;
const database = `processes_${randomUUID().replaceAll('-', '')}`;

beforeAll(async () => {
  kafka = await startKafka();
  const admin = new Client(inject('databaseUrl'));
  await admin.connect();
  await admin.query(`CREATE DATABASE ${database}`);
  await admin.end();
  environment = {
    KAFKA_BROKERS: kafka.address,
    SPILLWAY_KAFKA_PARTITIONS: '2',
    // Message ids are new every time: nothing of others is met.
    REDIS_URL: inject('redisUrl'),
    DATABASE_URL: Object.assign(new URL(inject('databaseUrl')), { pathname: `/${database}` }).href,
  };
}, 60_000);
afterAll(() => kafka.stop());

it('does not start on missing topics, and names them', async () => {
  const { code, stderr } = await spillway(['start', 'router'], environment);
  expect(code).toBe(3);
  expect(stderr).toContain('message.received');
  expect(stderr).toContain('step.completed');
  expect(stderr).toContain('--create-topics');
}, 60_000);

describe('every service in a process of its own', () => {
  const processes = new Map<string, Server>();
  const gateway = (): Server => processes.get('gateway') as Server;
  beforeAll(async () => {
    processes.set('gateway', await startServer(environment, ['gateway', '--create-topics']));
    const rest = services.filter((service) => service !== 'gateway');
    await Promise.all(
      rest.map(async (service) => processes.set(service, await startServer(environment, [service]))),
    );
  }, 180_000);
  afterAll(() => Promise.all(Array.from(processes.values(), (each) => each.remove())));

  it('settles a message', async () => {
    const id = await post(gateway().url, { text: 'Where is my order FF-204518?', channel: 'form' });
    const message = await until(gateway().url, id);
    expect(message).toMatchObject({ id, status: 'settled' });
    expect(Object.keys(message.steps).sort()).toEqual(['classify', 'draft', 'extract', 'sentiment']);
  }, 60_000);

  it.each(services)('%s tells of its health and its figures', async (service) => {
    const { url } = processes.get(service) as Server;
    expect((await call(`${url}/livez`)).status).toBe(200);
    expect((await call(`${url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('process_cpu');
    if (service !== 'gateway' && service !== 'console') expect(metrics).toContain(`group="${service}"`);
  });

  it('ends each with 0 on SIGTERM', async () => {
    const codes = await Promise.all(
      Array.from(processes, async ([service, each]) => [service, await each.stop()]),
    );
    expect(codes).toEqual(Array.from(processes.keys(), (service) => [service, 0]));
  }, 60_000);
});

it('ends with 0 while the brokers are gone, long before it would give them up', async () => {
  const server = await startServer(environment, ['--create-topics']);
  try {
    await kafka.kill();
    // Nobody answers it: what is asked for cannot be kept.
    const asked = call(`${server.url}/v1/messages`, { text: 'Where is my order?', channel: 'form' }).then(
      ({ status }) => status,
      () => 'cut off',
    );
    const code = await server.stop();
    expect([code, await asked]).toEqual([0, expect.toBeOneOf([503, 'cut off'])]);
    // What it would say after half a minute.
    expect(server.log()).not.toContain('the subscription is dead');
  } finally {
    await server.remove();
  }
}, 90_000);
