import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startKafka } from '../../servers/kafka.js';
import { startPostgres } from '../../servers/postgres.js';
import { startRedis } from '../../servers/redis.js';
import type { TestServer } from '../../servers/test-server.js';
import { type Client, kafkaClient, postgresClient, redisClient } from './clients.js';
import { processesOf } from './processes.js';

interface Kind {
  readonly start: (settings?: Readonly<Record<string, string>>) => Promise<TestServer>;
  readonly client: Client;
  readonly invalid: Readonly<Record<string, string>>;
}

const seconds = 1_000;

describe.each<[string, Kind]>([
  ['Kafka', { start: startKafka, client: kafkaClient, invalid: { 'log.segment.bytes': 'many' } }],
  ['Redis', { start: startRedis, client: redisClient, invalid: { appendfsync: 'sometimes' } }],
  ['PostgreSQL', { start: startPostgres, client: postgresClient, invalid: { shared_buffers: 'many' } }],
])('%s', (_, { start, client, invalid }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  }, 60 * seconds);
  afterAll(() => server.stop());
  afterEach(() => vi.unstubAllEnvs());

  it('answers as soon as it has started', async () => {
    await client.write(server.address, 'written');
    expect(await client.read(server.address)).toBe('written');
  });

  it('says its version and where it came from', () => {
    expect(server.origin).toMatch(/^\w+ \d+\.\d+\S* from \S/);
  });

  it('keeps over kill -9 what it has acknowledged, and its address', { timeout: 60 * seconds }, async () => {
    const { address, pid } = server;
    await server.kill();
    await expect(reach(address)).rejects.toThrow('ECONNREFUSED');
    await server.start();
    expect(server.pid).not.toBe(pid);
    expect(server.address).toBe(address);
    expect(await client.read(address)).toBe('written');
  });

  it('waits for its port if another program has it after a kill', { timeout: 60 * seconds }, async () => {
    await server.kill();
    const occupant = createServer().listen(portOf(server.address), '127.0.0.1');
    await once(occupant, 'listening');
    const started = server.start();
    await vi.waitFor(() => expect(logOf(server)).toContain('Address already in use'), 20 * seconds);
    occupant.close();
    await started;
    expect(await client.read(server.address)).toBe('written');
  });

  it('is not started twice', async () => {
    await expect(server.start()).rejects.toThrow('runs already');
  });

  it('leaves neither a process nor data when it is stopped', async () => {
    expect(processesOf(server.folder)).toContain(server.pid);
    await server.stop();
    expect(processesOf(server.folder)).toEqual([]);
    expect(existsSync(server.folder)).toBe(false);
    await expect(reach(server.address)).rejects.toThrow('ECONNREFUSED');
  });

  it('shows its log when it cannot start, and leaves no data', async () => {
    const [value = ''] = Object.values(invalid);
    const folder = mkdtempSync(join(tmpdir(), 'spillway-failing-'));
    chmodSync(folder, 0o755);
    vi.stubEnv('TMPDIR', folder);
    await expect(start(invalid)).rejects.toThrow(new RegExp(`did not start:[^]*${value}`));
    // Removes an empty folder only.
    rmdirSync(folder);
  });
});

const portOf = (address: string): number => Number(/:(\d+)(\/|$)/.exec(address)?.[1]);
const logOf = ({ folder }: TestServer): string => readFileSync(join(folder, 'server.log'), 'utf8');

async function reach(address: string): Promise<void> {
  const socket = connect(portOf(address), '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
}
