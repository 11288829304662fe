import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { endedChildrenCpuMs } from './process-usage.js';

/** How often a process is asked for its peak; the kernel keeps the peak itself, so that none is missed but the very last. */
const WATCH_MS = 100;

/** Runs a command to its end and measures it from the outside: wall clock, CPU of all its threads, peak resident memory. */
export async function measuredRun(
  command: string,
  parameters: readonly string[],
): Promise<{ stdout: string; seconds: number; cpuSeconds: number; peakMiB: number }> {
  const cpuBefore = endedChildrenCpuMs();
  const started = performance.now();
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  let peakMiB = 0;
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    stdout += piece;
  });
  const watch = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakOf(child.pid));
  }, WATCH_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(watch);
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return {
    stdout,
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (endedChildrenCpuMs() - cpuBefore) / 1000,
    peakMiB,
  };
}

function peakOf(pid: number | undefined): number {
  try {
    const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) / 1024;
  } catch {
    // It has ended.
    return 0;
  }
}
