import { Fault, type Problem } from '@spillway/contracts/fault';
import { type ApiClient, refusalOf, type StreamEvent } from './api-client.js';
import type { OutgoingMessage } from './inbox-file.js';

export type Ending = 'settled' | 'in_review' | 'failed';

export interface DeliveryOptions {
  readonly client: ApiClient;
  readonly messages: AsyncIterable<OutgoingMessage> | Iterable<OutgoingMessage>;
  /** Messages that may be under way at once: more would only wait in line. */
  readonly maxOpen: number;
  /** Messages in one call. */
  readonly batch: number;
  readonly onProgress: (state: DeliveryState) => void;
  readonly onEnd?: (id: string, ending: Ending) => void;
  readonly signal: AbortSignal;
  /** Milliseconds on a clock that never goes back. */
  readonly elapsed?: () => number;
}

export interface DeliveryState {
  readonly sent: number;
  readonly settled: number;
  readonly in_review: number;
  readonly failed: number;
  readonly refused: number;
}

export interface DeliverySummary extends DeliveryState {
  readonly seconds: number;
  readonly per_second: number;
  /** Why messages were refused; the first twenty. */
  readonly refusals: readonly Problem[];
}

const ENDS: Readonly<Record<string, Ending>> = {
  'message.settled': 'settled',
  'review.requested': 'in_review',
};
/** A message that nothing was heard of for this long is looked up: its end may have come while nobody listened. */
const LOOK_UP_AFTER_MS = 5_000;
const LOOK_UP_AT_ONCE = 32;
const MAX_REFUSALS = 20;

/**
 * Sends messages through the API and follows each to its end: settled, or in a person's queue.
 *
 * Messages are sent in their order, one call after the other. Resolves once every message that was taken in has come
 * to its end, or the signal is aborted (what was sent goes on without us). Rejects with `unavailable` when no server
 * answers.
 */
export async function deliver(options: DeliveryOptions): Promise<DeliverySummary> {
  const { client, signal, elapsed = () => performance.now() } = options;
  const follower = follow(options, elapsed);
  const started = elapsed();
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  await client.listen(Object.keys(ENDS), follower.heard, follower.doubtAll, ended);
  const lookUps = setInterval(() => void follower.lookUp(), LOOK_UP_AFTER_MS / 5);
  try {
    for await (const batch of inBatches(options.messages, options.batch)) {
      await follower.room(batch.length);
      if (signal.aborted) break;
      follower.sent(await client.send(batch));
    }
    await follower.allEnded();
  } finally {
    clearInterval(lookUps);
    stop.abort();
  }
  const seconds = (elapsed() - started) / 1000;
  const state = follower.state();
  const done = state.settled + state.in_review + state.failed;
  return { ...state, seconds, per_second: done / seconds, refusals: follower.refusals };
}

async function* inBatches<T>(items: AsyncIterable<T> | Iterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Keeps count of what is open. Ends may be heard of before the receipt that names the message has arrived. */
function follow(options: DeliveryOptions, elapsed: () => number) {
  const { client, maxOpen, onProgress, onEnd, signal } = options;
  const open = new Map<string, number>();
  const early = new Map<string, Ending>();
  const counts = { sent: 0, settled: 0, in_review: 0, failed: 0, refused: 0 };
  const refusals: Problem[] = [];
  let lookingUp = false;
  let wake = (): void => undefined;
  signal.addEventListener('abort', () => wake());

  function end(id: string, ending: Ending): void {
    if (!open.delete(id)) return;
    counts[ending] += 1;
    onEnd?.(id, ending);
    onProgress(counts);
    wake();
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds() && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
  }

  async function lookUpOne(id: string): Promise<void> {
    open.set(id, elapsed());
    const { status } = await client.get<{ status: string }>(`/v1/messages/${id}`);
    if (status === 'settled' || status === 'in_review' || status === 'failed') end(id, status);
  }

  return {
    refusals,
    state: (): DeliveryState => ({ ...counts }),
    room: (size: number) => until(() => open.size + size <= Math.max(size, maxOpen)),
    allEnded: () => until(() => open.size === 0),
    heard({ topic, messageId }: StreamEvent): void {
      const ending = ENDS[topic];
      if (ending === undefined) return;
      if (open.has(messageId)) end(messageId, ending);
      else early.set(messageId, ending);
    },
    sent(receipts: Awaited<ReturnType<ApiClient['send']>>): void {
      for (const receipt of receipts) {
        if ('id' in receipt) {
          counts.sent += 1;
          open.set(receipt.id, elapsed());
          const ending = early.get(receipt.id);
          if (ending !== undefined) end(receipt.id, ending);
        } else {
          counts.refused += 1;
          if (refusals.length >= MAX_REFUSALS) continue;
          const { message, problems } = refusalOf(receipt);
          const faults = problems.map((each) => `${each.where} ${each.message}`);
          refusals.push({ where: receipt.code, message: [message, ...faults].join('; ') });
        }
      }
      // What is heard of now belongs to messages that are known, or to somebody else's.
      early.clear();
      onProgress(counts);
    },
    doubtAll(): void {
      for (const id of open.keys()) open.set(id, Number.NEGATIVE_INFINITY);
    },
    /** Asks after those that were silent for long; a server that does not answer is asked again later. */
    async lookUp(): Promise<void> {
      if (lookingUp) return;
      lookingUp = true;
      const before = elapsed() - LOOK_UP_AFTER_MS;
      const silent = [...open].filter(([, at]) => at < before).slice(0, LOOK_UP_AT_ONCE);
      try {
        await Promise.all(silent.map(([id]) => lookUpOne(id)));
      } catch (error) {
        const { code } = Fault.from(error);
        if (code !== 'unavailable' && code !== 'timed_out') throw error;
      } finally {
        lookingUp = false;
      }
    },
  };
}
