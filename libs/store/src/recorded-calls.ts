import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@spillway/contracts/fault';
import type { KeyedState } from './keyed-state.js';

export interface RecordedCallsOptions {
  /** Milliseconds that a result is kept: longer than any event can take to be delivered again. Default: 7 days. */
  readonly keepMs?: number;
  /** Milliseconds that a caller waits for another owner's live lease. Default: 30 s. */
  readonly waitMs?: number;
  /** Milliseconds between two looks at another process's lease. Default: 100. */
  readonly pollMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Resolves after `ms`, rejects when the signal is aborted. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Recorded {
  readonly result: Uint8Array;
  /** True when the result was found and `work` was not run. */
  readonly recorded: boolean;
}

/** Work that costs money, done once under its id. */
export interface RecordedCalls {
  /**
   * Runs `work` and records its result under `callId`, or gives the result that is there already.
   *
   * `leaseMs` must be longer than `work` can take: when the owner vanishes, the next caller takes over once it is over.
   * A caller that finds a live owner waits for it, then throws `unavailable`. Rejections of `work` pass through as they
   * are, and the next caller tries again. A result is recorded even when `signal` was aborted meanwhile: it is paid for.
   */
  once(
    callId: string,
    leaseMs: number,
    work: () => Promise<Uint8Array>,
    signal: AbortSignal,
  ): Promise<Recorded>;
}

/** Owners of this process: whoever waits for one of them need not poll. */
type Owners = Map<string, Promise<void>>;
type Settings = Required<RecordedCallsOptions>;

const defaults: Settings = {
  keepMs: 7 * 24 * 3_600_000,
  waitMs: 30_000,
  pollMs: 100,
  now: Date.now,
  pause: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** Pays for nothing twice: only a call that was in flight at the moment of a crash can run again. */
export function recordedCalls(state: KeyedState, options: RecordedCallsOptions = {}): RecordedCalls {
  const settings = { ...defaults, ...options };
  const owners: Owners = new Map();
  return {
    async once(callId, leaseMs, work, signal) {
      const key = `call:{${callId}}`;
      const giveUpAt = settings.now() + settings.waitMs;
      for (;;) {
        throwIfAborted(signal);
        const claim = await state.claim(key, leaseMs);
        if (claim.state === 'done') return { result: claim.result, recorded: true };
        if (claim.state === 'claimed')
          return await own(state, owners, key, claim.fence, work, settings.keepMs);
        if (settings.now() >= giveUpAt) {
          throw new Fault('unavailable', `another worker is still busy with ${callId}`, {
            retryAfterMs: Math.max(0, claim.until - settings.now()),
          });
        }
        await waitFor(owners.get(key), settings, signal);
      }
    },
  };
}

async function own(
  state: KeyedState,
  owners: Owners,
  key: string,
  fence: number,
  work: () => Promise<Uint8Array>,
  keepMs: number,
): Promise<Recorded> {
  const { promise, resolve } = Promise.withResolvers<void>();
  owners.set(key, promise);
  try {
    const result = await workOrRelease(state, key, fence, work);
    return await record(state, key, fence, result, keepMs);
  } finally {
    if (owners.get(key) === promise) owners.delete(key);
    resolve();
  }
}

async function workOrRelease(
  state: KeyedState,
  key: string,
  fence: number,
  work: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  try {
    return await work();
  } catch (error) {
    try {
      await state.release(key, fence);
    } catch (second) {
      // The lease ends by itself; whoever reads the fault should see both.
      throw new Fault('unavailable', 'a failed call could not be given up', {
        cause: new AggregateError([error, second]),
      });
    }
    throw error;
  }
}

/** When the lease was over and someone else took the call, theirs is the result that everyone sees, if there is one. */
async function record(
  state: KeyedState,
  key: string,
  fence: number,
  result: Uint8Array,
  keepMs: number,
): Promise<Recorded> {
  try {
    await state.complete(key, fence, result, keepMs);
    return { result, recorded: false };
  } catch (error) {
    if (Fault.from(error).code !== 'conflict') throw error;
    const claim = await state.claim(key, 1);
    if (claim.state === 'done') return { result: claim.result, recorded: true };
    if (claim.state === 'busy') return { result, recorded: false };
    await state.complete(key, claim.fence, result, keepMs);
    return { result, recorded: false };
  }
}

/** Until the owner of this process is done, or for one pause; whichever comes first. */
async function waitFor(
  owner: Promise<void> | undefined,
  { pause, pollMs }: Settings,
  signal: AbortSignal,
): Promise<void> {
  try {
    const paused = pause(pollMs, signal);
    await (owner === undefined ? paused : Promise.race([owner, paused]));
  } catch (error) {
    throw Fault.from(error);
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Fault('cancelled', 'the caller gave up', { cause: signal.reason });
}
