import { readFileSync } from 'node:fs';

/** Milliseconds of a clock tick, in which the kernel counts CPU time. */
const TICK_MS = 10;

/** CPU time used so far by a process, its threads and its children, milliseconds. Those that have ended count as well. */
export function cpuMs(pid: number): number {
  const [user = 0, system = 0, waitedUser = 0, waitedSystem = 0] = statOf(pid);
  const living = childrenOf(pid).reduce((sum, child) => sum + cpuMs(child), 0);
  return (user + system + waitedUser + waitedSystem) * TICK_MS + living;
}

/** CPU time of the children of this process that have ended, milliseconds. */
export function endedChildrenCpuMs(): number {
  const [, , user = 0, system = 0] = statOf(process.pid);
  return (user + system) * TICK_MS;
}

/** User and system time, and the same of the children that were waited for, in ticks. */
function statOf(pid: number): readonly number[] {
  const fields = readUnlessGone(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return fields.slice(11, 15).map(Number);
}

const childrenOf = (pid: number): readonly number[] =>
  (readUnlessGone(`/proc/${pid}/task/${pid}/children`).match(/\d+/g) ?? []).map(Number);

function readUnlessGone(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
