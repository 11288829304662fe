import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

// The shell reads process groups until all who could name one are gone: on release, and also when the runner is killed.
// Then it ends the last group that it was told, waits for it up to 10 s, and removes the folder.
const script = `
while read -r line; do group=$line; done
if [ -n "$group" ] && kill -s "$2" -- "-$group" 2>/dev/null; then
  left=200
  while [ $left -gt 0 ] && kill -s 0 -- "-$group" 2>/dev/null; do left=$((left - 1)); sleep 0.05; done
fi
exec rm -rf -- "$1"
`;

/** Sees to it that neither a process nor data outlives the process that asked for them, however that ends. */
export interface Guard {
  /** Where a process writes its group, as a line, to be ended with the guard. Handed on as an open file. */
  readonly line: Socket;
  /** The process group that was named last has ended. */
  forget(): void;
  /** Ends the watched process group and removes the folder. */
  release(): Promise<void>;
}

/** Guards a folder, which may not be there yet, and the process group named last, with a signal that makes it end. */
export function startGuard(folder: string, signal: 'KILL' | 'QUIT'): Guard {
  // A session of its own: Ctrl-C in the terminal must not end the guard before its work is done.
  const shell = spawn('sh', ['-c', script, 'guard', folder, signal], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  // A guard that waits keeps nobody alive.
  shell.unref();
  const line = shell.stdin as Socket;
  line.unref();
  return {
    line,
    forget: () => void line.write('\n'),
    async release() {
      if (shell.exitCode !== null) return;
      const done = once(shell, 'exit');
      shell.ref();
      line.end();
      await done;
    },
  };
}
