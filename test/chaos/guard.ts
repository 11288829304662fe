import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

// Reads lists of processes until all who could write one are gone, and then ends the last that it was given.
const script = 'while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -s KILL $pids 2>/dev/null';

/** Sees to it that no process outlives the one that asked for it, however that ends. */
export interface Guard {
  /** All that are to be ended with it. */
  watch(pids: readonly number[]): void;
  release(): Promise<void>;
}

export function startGuard(): Guard {
  // A session of its own: Ctrl-C in the terminal must not end the guard before its work is done.
  const shell = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  shell.unref();
  const line: Writable = shell.stdin;
  return {
    watch: (pids) => void line.write(`${pids.join(' ')}\n`),
    async release() {
      const done = once(shell, 'exit');
      shell.ref();
      line.end();
      await done;
    },
  };
}
