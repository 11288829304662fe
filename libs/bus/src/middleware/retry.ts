import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@spillway/contracts/fault';
import type { BusRecord } from '../bus.js';
import type { Middleware } from './middleware.js';

export interface RetryOptions {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Upper bound of the first delay, milliseconds; doubles with each attempt. */
  readonly firstMs: number;
  /** Upper bound of every delay that the other side did not ask for, milliseconds. */
  readonly maxMs: number;
  /** Milliseconds after which no further attempt is begun. */
  readonly totalMs: number;
  /** Told of every attempt that failed and will be followed by another. */
  readonly onRetry: (record: BusRecord, fault: Fault) => void;
  readonly clock: () => number;
  /** Uniform over 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** Resolves after so many milliseconds; rejects when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const defaults: RetryOptions = {
  attempts: 5,
  firstMs: 100,
  maxMs: 5_000,
  totalMs: 30_000,
  onRetry: () => undefined,
  clock: () => performance.now(),
  random: Math.random,
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
};

/**
 * Tries again in place, while the record holds its key: after faults whose reaction is `retry`, after a delay with
 * full jitter, never earlier than `retryAfterMs`, and after a `conflict` that does not say when, at once. Rejects with the last fault, which
 * then carries the number of attempts. An aborted signal ends it.
 */
export function retry(options: Partial<RetryOptions> = {}): Middleware {
  const settings = { ...defaults, ...options };
  return (next) => {
    async function goOn(error: unknown, startedAt: number, record: BusRecord, signal: AbortSignal) {
      let fault = Fault.from(error);
      for (let attempt = 1; ; attempt += 1) {
        const delay = delayOf(fault, attempt, settings);
        const late = settings.clock() - startedAt + delay > settings.totalMs;
        if (fault.reaction !== 'retry' || attempt >= settings.attempts || late || signal.aborted) {
          throw attempt === 1 ? fault : fault.after(attempt);
        }
        settings.onRetry(record, fault);
        if (delay > 0) await waitFor(delay, signal, settings);
        try {
          return await next(record, signal);
        } catch (again) {
          fault = Fault.from(again);
        }
      }
    }
    return (record, signal) => {
      const startedAt = settings.clock();
      return next(record, signal).catch((error: unknown) => goOn(error, startedAt, record, signal));
    };
  };
}

function delayOf(fault: Fault, attempt: number, { firstMs, maxMs, random }: RetryOptions): number {
  if (fault.code === 'conflict') return fault.retryAfterMs ?? 0;
  const jittered = random() * Math.min(maxMs, firstMs * 2 ** (attempt - 1));
  return Math.max(jittered, fault.retryAfterMs ?? 0);
}

async function waitFor(ms: number, signal: AbortSignal, { wait }: RetryOptions): Promise<void> {
  try {
    await wait(ms, signal);
  } catch (error) {
    throw Fault.from(error);
  }
}
