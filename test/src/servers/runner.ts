import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { processesOf } from './processes.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

/** A run of the real test runner over one spec, in a process and a temporary folder of its own. */
export interface Runner {
  readonly pid: number;
  output(): string;
  /** Waits until this stands in its output. */
  says(expected: string): Promise<void>;
  /** Waits until it has given this folder to a server. */
  startsServer(name: string): Promise<void>;
  ended(): Promise<number | null>;
  /** What it has left: folders of servers, and processes that work in them. */
  left(): readonly (string | number)[];
}

/** Runs a spec that says what it was given for each name, and then either ends or is held. */
export async function run(
  injected: readonly string[],
  { environment = {}, held = false }: { environment?: Readonly<Record<string, string>>; held?: boolean } = {},
): Promise<Runner & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-runner-'));
  // PostgreSQL, where it is not run by the user of the runner, has to reach its data.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'src'));
  writeFileSync(
    join(folder, 'src/given.spec.ts'),
    `import { inject, it } from 'vitest';
    it('is given addresses', async () => {
      ${injected.map((name) => `process.stdout.write('given ' + inject('${name}') + '\\n');`).join('\n')}
      ${held ? 'await new Promise(() => {});' : ''}
    }, 60_000);`,
  );
  let output = '';
  const child = spawn(process.execPath, [vitest, 'run', '--dir', folder], {
    cwd: root,
    // A group of its own, as a terminal makes one for a command.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: folder, ...environment },
  });
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exit = once(child, 'close');
  const until = (condition: () => boolean) =>
    vi.waitFor(() => {
      if (!condition()) throw new Error(`the runner does not get there:\n${output}`);
    }, 30_000);
  const servers = () => readdirSync(folder).filter((name) => name.startsWith('spillway-'));
  return {
    pid: child.pid as number,
    output: () => output,
    says: (expected) => until(() => output.includes(expected)),
    startsServer: (name) => until(() => servers().some((server) => server.includes(name))),
    ended: async () => (await exit)[0],
    left: () => [...servers(), ...processesOf(join(folder, 'spillway-'))],
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null)
        process.kill(-(child.pid as number), 'SIGKILL');
      await exit;
      await vi.waitFor(() => rmSync(folder, { recursive: true, force: true }));
    },
  };
}
