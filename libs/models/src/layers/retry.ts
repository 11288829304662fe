import { setTimeout as sleepFor } from 'node:timers/promises';
import { Fault, type FaultCode } from '@spillway/contracts/fault';
import { mayBeBilled } from '../cost.js';
import type { Layer } from '../language-model.js';

/** Whether the same request can fare better a moment later. */
const worthAnotherTry = {
  // A body that broke off or was not JSON: a proxy in between, more often than not.
  malformed: true,
  throttled: true,
  unavailable: true,
  timed_out: true,
  conflict: true,
  unknown: true,
  rejected: false,
  missing: false,
  misconfigured: false,
  too_large: false,
  over_budget: false,
  cancelled: false,
} as const satisfies Record<FaultCode, boolean>;

export interface RetryOptions {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** Milliseconds: the longest wait before the second try; doubles with each one. */
  readonly firstWaitMs?: number;
  /** Milliseconds: no wait is longer, and an endpoint that asks for a longer one is not tried again. */
  readonly maxWaitMs?: number;
  /** 0 inclusive to 1 exclusive. */
  readonly random?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const sleepUnlessAborted = async (ms: number, signal: AbortSignal): Promise<void> => {
  await sleepFor(ms, undefined, { signal });
};

/**
 * Tries again after faults that can pass, with full jitter between tries so that callers which failed together do not
 * come back together. Waits as long as the endpoint asked for where it said so. Throws the last fault with the number of
 * tries; where a budget allows no other try, the one before it. What failed attempts may have cost is passed on with the
 * answer or the fault.
 */
export function retry(options: RetryOptions): Layer {
  const { attempts, sleep = sleepUnlessAborted } = options;
  return (model) => ({
    name: model.name,
    embedded: model.embedded,
    async complete(prompt, signal) {
      let failed = 0;
      let last: Fault | undefined;
      let owed: Fault | undefined;
      for (;;) {
        try {
          const completion = await model.complete(prompt, signal);
          if (failed === 0) return completion;
          const answered = { ...completion, attempts: completion.attempts + failed };
          return owed === undefined ? answered : { ...answered, unaccounted: true };
        } catch (error) {
          const fault = Fault.from(error);
          if (fault.code === 'over_budget' && last !== undefined) throw lastOf(last, failed, owed);
          failed += 1;
          const wait = waitAfter(fault, failed, options);
          if (failed >= attempts || wait === undefined || signal.aborted) throw lastOf(fault, failed, owed);
          last = fault;
          if (mayBeBilled(fault)) owed = fault;
          await sleep(wait, signal).catch((cause: unknown) => {
            throw Fault.from(cause);
          });
        }
      }
    },
  });
}

/** The fault of the last attempt; an earlier one that may be billed is its cause. */
function lastOf(fault: Fault, attempts: number, owed: Fault | undefined): Fault {
  if (owed === undefined || mayBeBilled(fault)) return fault.after(attempts);
  const { code, message, problems, retryAfterMs } = fault;
  const details = { problems, attempts, cause: owed };
  return new Fault(code, message, retryAfterMs === undefined ? details : { ...details, retryAfterMs });
}

/** Milliseconds to wait after the n-th failure; undefined when another try is not worth it. */
function waitAfter(fault: Fault, failed: number, options: RetryOptions): number | undefined {
  const { firstWaitMs = 200, maxWaitMs = 10_000, random = Math.random } = options;
  if (!worthAnotherTry[fault.code]) return undefined;
  if (fault.retryAfterMs === undefined) {
    return random() * Math.min(maxWaitMs, firstWaitMs * 2 ** (failed - 1));
  }
  // Never earlier than asked, and not all at the same moment.
  return fault.retryAfterMs > maxWaitMs ? undefined : fault.retryAfterMs + random() * firstWaitMs;
}
