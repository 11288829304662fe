import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The command as users run it. */
export const bin = fileURLToPath(new URL('../../services/cli/bin/spillway.js', import.meta.url));
/** Embedded models that an earlier server of this checkout has trained: they follow from the pack alone. */
const trained = fileURLToPath(new URL('../../node_modules/.cache/spillway-models', import.meta.url));

/** Spares the servers on this data folder the training, where an earlier one has done it. */
export function takeTrained(data: string): void {
  if (existsSync(trained)) cpSync(trained, join(data, 'models'), { recursive: true });
}

/** Keeps what a server on this data folder has trained, for later ones. */
export function keepTrained(data: string): void {
  if (existsSync(join(data, 'models'))) cpSync(join(data, 'models'), trained, { recursive: true });
}

/** A Spillway server in a process of its own, started as a user starts it. */
export interface Server {
  readonly url: string;
  readonly port: number;
  /** Folder of its data; kept over crashes and restarts. */
  readonly data: string;
  /** Resident memory, MiB. */
  memory(): number;
  /** CPU time used so far by user and system, milliseconds. */
  cpuMs(): number;
  /** The end of what it wrote to standard error. */
  log(): string;
  /** kill -9: nothing is finished, nothing is flushed. */
  crash(): Promise<void>;
  /** Starts again on the same data and port. */
  restart(): Promise<void>;
  /** SIGTERM, and the exit code that it leads to. */
  stop(): Promise<number>;
  /** Stops it where it runs and removes its data. */
  remove(): Promise<void>;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Starts `spillway start` on a data folder of its own and waits until it is ready. */
export async function startServer(
  environment: Readonly<Record<string, string>> = {},
  services: readonly string[] = [],
): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), 'spillway-test-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let log = '';
  let child: ChildProcess;

  async function launch(): Promise<void> {
    const started = spawn(bin, ['start', ...services], {
      env: {
        PATH: process.env['PATH'] ?? '',
        SPILLWAY_DATA: data,
        SPILLWAY_PORT: String(port),
        ...environment,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    started.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-20_000);
    });
    while (!(await ready(url))) {
      if (started.exitCode !== null) throw new Error(`the server stopped:\n${log}`);
      await delay(25);
    }
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    return child.exitCode ?? 128;
  }

  takeTrained(data);
  await launch();
  keepTrained(data);
  return {
    url,
    port,
    data,
    memory: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    cpuMs: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    log: () => log,
    crash: async () => void (await end('SIGKILL')),
    restart: launch,
    stop: () => end('SIGTERM'),
    remove: async () => {
      await end('SIGTERM');
      rmSync(data, { recursive: true, force: true });
    },
  };
}

const ready = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );

export interface Finished {
  readonly seconds: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs a `spillway` command to its end. */
export async function spillway(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const started = performance.now();
  const child = spawn(bin, args, {
    env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { seconds: (performance.now() - started) / 1000, stdout, stderr, code };
}
