import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@spillway/contracts/fault';
import type { KeyedState } from './keyed-state.js';

export interface RecordedCallsOptions {
  /** Milliseconds that a result is kept: longer than any event can take to be delivered again. Default: 7 days. */
  readonly keepMs?: number;
  /**
   * Milliseconds after which others take over from an owner that vanished. An owner that lives renews its lease three
   * times in that long, for as long as its work may take. Default: 10 s.
   */
  readonly leaseMs?: number;
  /** Milliseconds that a caller waits for another owner's live lease: longer than a lease. Default: 30 s. */
  readonly waitMs?: number;
  /** Milliseconds between two looks at another process's lease. Default: 100. */
  readonly pollMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Resolves after `ms`, rejects when the signal is aborted. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
  /**
   * Told of a call whose result was there, and paid for, when someone else had taken the call over: its lease was over
   * while it was still under way. To be counted: it should never happen while processes live.
   */
  readonly onPaidTwice?: (callId: string) => void;
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
   * `longestMs` must be longer than `work` can take: work that hangs for longer passes to the next caller, and so does,
   * much sooner, the work of an owner that vanished. A caller that finds a live owner waits for it, then throws
   * `conflict`, with the time after which to ask again: nothing is out of order, and only this call has to wait.
   * Rejections of `work` pass through as they are, and the next caller tries again. A result is recorded even when
   * `signal` was aborted meanwhile: it is paid for.
   */
  once(
    callId: string,
    longestMs: number,
    work: () => Promise<Uint8Array>,
    signal: AbortSignal,
  ): Promise<Recorded>;
}

type Settings = Required<RecordedCallsOptions>;

/** A call that this process has claimed. */
interface Ownership {
  readonly callId: string;
  readonly key: string;
  readonly fence: number;
  /** Milliseconds since the epoch until which the lease is renewed. */
  readonly until: number;
}

const defaults: Settings = {
  keepMs: 7 * 24 * 3_600_000,
  leaseMs: 10_000,
  waitMs: 30_000,
  pollMs: 100,
  now: Date.now,
  pause: (ms, signal) => sleep(ms, undefined, { signal }),
  onPaidTwice: () => undefined,
};

/** Pays for nothing twice: only a call that was in flight at the moment of a crash can run again. */
export function recordedCalls(state: KeyedState, options: RecordedCallsOptions = {}): RecordedCalls {
  const settings = { ...defaults, ...options };
  /** Owners of this process: whoever waits for one of them need not poll. */
  const owners = new Map<string, Promise<void>>();

  async function own(
    ownership: Ownership,
    work: () => Promise<Uint8Array>,
    signal: AbortSignal,
  ): Promise<Recorded> {
    const { key } = ownership;
    const { promise, resolve } = Promise.withResolvers<void>();
    owners.set(key, promise);
    const stopRenewing = renewLease(state, ownership, settings);
    try {
      const result = await workOrRelease(state, ownership, work);
      return await record(state, ownership, result, settings, signal);
    } finally {
      stopRenewing();
      if (owners.get(key) === promise) owners.delete(key);
      resolve();
    }
  }

  return {
    async once(callId, longestMs, work, signal) {
      const key = `call:{${callId}}`;
      const giveUpAt = settings.now() + settings.waitMs;
      for (;;) {
        throwIfAborted(signal);
        const claim = await state.claim(key, Math.min(longestMs, settings.leaseMs));
        if (claim.state === 'done') return { result: claim.result, recorded: true };
        if (claim.state === 'claimed') {
          const until = settings.now() + longestMs;
          return await own({ callId, key, fence: claim.fence, until }, work, signal);
        }
        if (settings.now() >= giveUpAt) {
          throw new Fault('conflict', `another worker is still busy with ${callId}`, {
            retryAfterMs: Math.max(0, claim.until - settings.now()),
          });
        }
        await waitFor(owners.get(key), settings, signal);
      }
    },
  };
}

/** Renews the lease until it is told to stop, the work has had its time, or someone else has taken the call over. */
function renewLease(state: KeyedState, { key, fence, until }: Ownership, settings: Settings): () => void {
  const everyMs = settings.leaseMs / 3;
  let timer: NodeJS.Timeout | undefined;

  async function renew(): Promise<void> {
    const leftMs = until - settings.now();
    if (leftMs <= 0) return;
    try {
      await state.renew(key, fence, Math.min(leftMs, settings.leaseMs));
    } catch (error) {
      // The work goes on all the same: it is paid for. Where the state is out of reach, the next try may reach it.
      if (Fault.from(error).code === 'conflict') return;
    }
    if (timer !== undefined) timer = setTimeout(renew, everyMs);
  }

  timer = setTimeout(renew, everyMs);
  return () => {
    clearTimeout(timer);
    timer = undefined;
  };
}

async function workOrRelease(
  state: KeyedState,
  { key, fence }: Ownership,
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
  ownership: Ownership,
  result: Uint8Array,
  settings: Settings,
  signal: AbortSignal,
): Promise<Recorded> {
  const { callId, key, fence } = ownership;
  const { keepMs, onPaidTwice } = settings;
  try {
    await outlast(() => state.complete(key, fence, result, keepMs), ownership, settings, signal);
    return { result, recorded: false };
  } catch (error) {
    if (Fault.from(error).code !== 'conflict') throw error;
    const claim = await state.claim(key, 1);
    if (claim.state === 'claimed') {
      // Whoever had taken it over gave it up.
      await state.complete(key, claim.fence, result, keepMs);
      return { result, recorded: false };
    }
    onPaidTwice(callId);
    return claim.state === 'done' ? { result: claim.result, recorded: true } : { result, recorded: false };
  }
}

/**
 * Tries again while the state is out of reach: what was paid for is lost with its result. Ends when the work would have
 * had its time, and, where the caller gives up, with one last try.
 */
async function outlast(
  write: () => Promise<void>,
  { until }: Ownership,
  { now, pause, pollMs }: Settings,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const last = signal.aborted || now() >= until;
    try {
      return await write();
    } catch (error) {
      if (last || Fault.from(error).code !== 'unavailable') throw error;
    }
    // An abort ends the pause, and leads to the last try.
    await pause(pollMs, signal).catch(() => undefined);
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
