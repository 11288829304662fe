import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, vi } from 'vitest';

/** A Redis of one spec alone, which may kill it. */
export interface OwnRedis {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  /** Starts it on its data and port; resolves once it answers. */
  start(): Promise<void>;
  /** Holds the process still, or lets it go on: it keeps its connections, and answers nobody. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  kill(): Promise<void>;
  /** Asks it something, as an operator would. */
  ask(command: string, ...words: readonly string[]): Promise<unknown>;
  /** Kills it and removes its data. */
  remove(): Promise<void>;
}

/** Another program may take a port between the moment it was found free and the start. */
const TRIES = 5;

/** Starts a Redis that appends to its file. The settings are those of redis.conf, as arguments. */
export async function startOwnRedis(...settings: readonly string[]): Promise<OwnRedis> {
  for (let tries = 1; ; tries += 1) {
    const redis = ownRedis(await mkdtemp(join(tmpdir(), 'spillway-redis-')), await freePort(), settings);
    try {
      await redis.start();
      return redis;
    } catch (error) {
      await redis.remove();
      if (tries === TRIES) throw error;
    }
  }
}

function ownRedis(folder: string, port: number, settings: readonly string[]): OwnRedis {
  let child: ReturnType<typeof spawn> | undefined;
  const fixed = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const log = join(folder, 'redis.log');

  const redis: OwnRedis = {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    async start() {
      const started = spawn(
        'redis-server',
        [...fixed, '--logfile', log, '--appendonly', 'yes', ...settings],
        { stdio: 'ignore' },
      );
      child = started;
      await once(started, 'spawn');
      process.once('exit', () => started.kill('SIGKILL'));
      const ready = vi.waitFor(
        async () => expect(await readFile(log, 'utf8')).toContain('eady to accept connections'),
        { timeout: 15_000, interval: 10 },
      );
      await Promise.race([ready, once(started, 'exit')]);
      if (started.exitCode !== null) throw new Error(await readFile(log, 'utf8'));
      await rm(log);
    },
    signal(name) {
      child?.kill(name);
    },
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    async ask(command, ...words) {
      const client = new Redis({ port, lazyConnect: true });
      try {
        return await client.call(command, ...words);
      } finally {
        client.disconnect();
      }
    },
    async remove() {
      await redis.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return redis;
}

/** Servers of a cluster talk to each other 10,000 ports higher. */
const HIGHEST_PORT = 55_535;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port > HIGHEST_PORT ? freePort() : address.port;
}
