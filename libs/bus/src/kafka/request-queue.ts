import { createRequire } from 'node:module';

/** What is used of a request that waits for its answer. */
interface SentRequest {
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** Milliseconds; never under the queue's own. */
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

/** What is used of kafkajs's queue of requests, which every connection has. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, SentRequest>;
  readonly enforceRequestTimeout: boolean;
  readonly requestTimeout: number;
  /** `destroy` ends it. */
  requestTimeoutIntervalId: NodeJS.Timeout;
  isConnected(): boolean;
  destroy(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
  readonly prototype: Partial<RequestQueue>;
};

let calm: boolean | undefined;

/**
 * Keeps the connections of kafkajs from looking about every millisecond, for ever, whether a request waits for its turn,
 * and every 100 ms whether one waits too long for its answer: a request that waits is what the one look is for, and the
 * first moment at which a request can be late is when the other one is due. They cost an idle process 2.5 % of a core
 * (kafkajs #1704), and most of the times that it wakes up. False when this kafkajs is another one than the fix was made
 * for; then nothing is changed.
 */
export function calmRequestQueues(): boolean {
  calm ??= patch(prototype);
  return calm;
}

/** For `calmRequestQueues`, on whatever prototype. */
export function patch(queue: Partial<RequestQueue>): boolean {
  const schedule = queue.scheduleCheckPendingRequests;
  if (typeof schedule !== 'function' || !looksOnce(schedule)) return false;
  if (!looksForLateRequests(queue.scheduleRequestTimeoutCheck)) return false;
  queue.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
  queue.scheduleRequestTimeoutCheck = function (this: RequestQueue): void {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    lookWhenOneIsLate(this);
  };
  return true;
}

/** What is sent after this has its own time in full ahead of it: it cannot be late before the next look. */
function lookWhenOneIsLate(queue: RequestQueue): void {
  const now = Date.now();
  const left = Array.from(
    queue.inflight.values(),
    ({ sentAt, requestTimeout }) => sentAt + requestTimeout - now,
  );
  const look = setTimeout(
    () => {
      for (const request of queue.inflight.values()) {
        if (Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
      }
      if (queue.isConnected()) lookWhenOneIsLate(queue);
      else queue.destroy();
    },
    Math.min(queue.requestTimeout, ...left) + 1,
  );
  // What waits for an answer has a connection, and that keeps the process: of one that is gone nothing should.
  queue.requestTimeoutIntervalId = look.unref();
}

/** The method arms one timer, for what is pending or throttled, and has no other effect. */
function looksOnce(schedule: () => void): boolean {
  const source = schedule.toString();
  return (
    source.split('setTimeout(').length === 2 &&
    ['this.pending.length > 0', 'this.throttledUntil', 'this.checkPendingRequests()'].every((part) =>
      source.includes(part),
    )
  );
}

/** The method gives up what is late as long as there is a connection, and has no other effect. */
function looksForLateRequests(schedule: unknown): boolean {
  const source = String(schedule);
  return (
    source.split('setInterval(').length === 2 &&
    [
      'if (this.enforceRequestTimeout)',
      'this.requestTimeoutIntervalId = setInterval(',
      'Date.now() - request.sentAt > request.requestTimeout',
      'request.timeoutRequest()',
      'if (!this.isConnected())',
    ].every((part) => source.includes(part))
  );
}
