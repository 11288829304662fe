import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Guard } from './guard.js';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** The user who runs a command. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** One run of a command. */
export interface Run {
  readonly pid: number;
  hasEnded(): boolean;
  /** What it has written so far to its output and its errors. */
  said(): string;
  /** Waits for its end; false when it failed. */
  succeeded(): Promise<boolean>;
  /** Waits until it has said one of these, and answers which; undefined when it ended or the time was over before. */
  says(expected: readonly RegExp[], withinMs: number): Promise<RegExp | undefined>;
  /** kill -9 of it and of its children; resolves once it is gone. */
  kill(): Promise<void>;
}

// Names itself before it becomes the command: a runner that is killed at this very moment leaves nothing behind, because
// the guard's line stays open until the name stands in it.
const announced = 'echo $$ >&3; exec "$@" 3>&-';

/** Runs a command in a folder, in a process group of its own that the guard watches. Its output ends up in `server.log`. */
export function runGuarded(
  { program, args }: Command,
  folder: string,
  guard: Guard,
  user: User | undefined,
): Run {
  const log = join(folder, 'server.log');
  // A file, not a pipe: a runner that is busy must not hold up the server.
  const output = openSync(log, 'a');
  const from = statSync(log).size;
  const child = spawn('sh', ['-c', announced, 'sh', program, ...args], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', output, output, guard.line],
    ...user,
  });
  closeSync(output);
  child.on('error', (error) => appendFileSync(log, `${error.message}\n`));
  const pid = child.pid ?? 0;
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const said = (): string => readFileSync(log).subarray(from).toString();
  const ended = async (): Promise<void> => void (hasEnded() || (await once(child, 'exit')));

  return {
    pid,
    hasEnded,
    said,
    async succeeded() {
      await ended();
      return child.exitCode === 0;
    },
    async says(expected, withinMs) {
      const deadline = performance.now() + withinMs;
      for (;;) {
        // Asked before looking, so that the last words of a run that ends meanwhile count.
        const over = hasEnded() || performance.now() > deadline;
        const text = said();
        const match = expected.find((pattern) => pattern.test(text));
        if (match || over) return match;
        await delay(20);
      }
    },
    async kill() {
      if (hasEnded()) return;
      // Those of PostgreSQL leave its group, and would finish what they are at.
      const children = childrenOf(pid);
      process.kill(-pid, 'SIGKILL');
      for (const child of children) signalIfThere(child);
      await ended();
      guard.forget();
    },
  };
}

/** Process ids of the children; none where the system does not list them. */
function childrenOf(pid: number): readonly number[] {
  const list = `/proc/${pid}/task/${pid}/children`;
  return existsSync(list) ? (readFileSync(list, 'utf8').match(/\d+/g) ?? []).map(Number) : [];
}

function signalIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
