import { createRequire } from 'node:module';

/** What is used of kafkajs's queue of requests, which every connection has. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
  readonly prototype: Partial<RequestQueue>;
};

let calm: boolean | undefined;

/**
 * Keeps the connections of kafkajs from checking about every millisecond, for ever, whether a request waits for its
 * turn: a waiting request is what a check is for. It costs an idle process 2.5 % of a core otherwise (kafkajs #1704).
 * False when this kafkajs is another one than the fix was made for; then nothing is changed.
 */
export function calmRequestQueues(): boolean {
  calm ??= patch(prototype);
  return calm;
}

/** For `calmRequestQueues`, on whatever prototype. */
export function patch(queue: Partial<RequestQueue>): boolean {
  const schedule = queue.scheduleCheckPendingRequests;
  if (typeof schedule !== 'function' || !isAsExpected(schedule)) return false;
  queue.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
  return true;
}

/** The method arms one timer, for what is pending or throttled, and has no other effect. */
function isAsExpected(schedule: () => void): boolean {
  const source = schedule.toString();
  return (
    source.split('setTimeout(').length === 2 &&
    ['this.pending.length > 0', 'this.throttledUntil', 'this.checkPendingRequests()'].every((part) =>
      source.includes(part),
    )
  );
}
