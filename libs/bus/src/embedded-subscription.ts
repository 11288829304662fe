import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import type { Logger } from '@spillway/telemetry/logger';
import type { BusRecord, SubscribeOptions, Subscription, SubscriptionHealth } from './bus.js';
import { type Redelivery, readyAtMs, redeliveryMs } from './delay.js';
import type { CommittedOffset, Stream, StreamReader } from './embedded-log.js';
import { OffsetTracker } from './offset-tracker.js';
import { type Lane, Scheduler, type Task } from './scheduler.js';

/** What a subscription needs of its bus. */
export interface SubscriptionParts {
  readonly options: SubscribeOptions;
  readonly streams: readonly Stream[];
  readonly reader: StreamReader;
  /** Offsets from here on of the records whose outputs the group has published, whatever it has committed. */
  readonly answered: (from: number) => Set<number>;
  /** Offsets that the group has committed, by stream number. */
  readonly committed: ReadonlyMap<number, number>;
  readonly redelivery: Redelivery;
  /** What may be held in memory. */
  readonly buffer: { readonly records: number; readonly bytes: number };
  /** Offset below which everything is durable and was offered. */
  readonly end: () => number;
  /** Makes the outputs of the record at `offset` durable, all of them or none. */
  readonly publish: (events: readonly Outgoing[], offset: number) => Promise<void>;
  /** Told that there is something new to commit. */
  readonly onProgress: () => void;
  /** Commits what is to be committed, now. */
  readonly commit: () => Promise<void>;
  readonly logger: Logger;
}

interface Partition {
  readonly stream: Stream;
  readonly lane: Lane;
  readonly tracker: OffsetTracker<Delivery>;
}

interface Delivery {
  readonly record: BusRecord;
  readonly partition: Partition;
  failures: number;
  /** Milliseconds since the epoch from which on it may run. */
  readyAtMs: number;
}

/** A partition in which nothing happens is committed again once the log has grown by so much beyond it. */
const IDLE_STEP = 10_000;
/** Milliseconds that an aborted handler has to settle before a drain goes on without it. */
const ABORT_GRACE_MS = 1_000;
/** Bytes that a record takes in memory besides its value, roughly. */
const RECORD_BYTES = 300;
/** Bytes of records that are not due yet before reading stops: they may stand in the way only where nearly all fail. */
const LATER_BYTES = 16 * 2 ** 20;

const sizeOf = (record: BusRecord): number => record.value.length + RECORD_BYTES;

/**
 * One group's reading of the log. Live records come from memory; when more come than may be held, the subscription
 * falls behind and reads from the file, in batches, until it has caught up.
 */
export class EmbeddedSubscription implements Subscription {
  readonly #parts: SubscriptionParts;
  readonly #scheduler: Scheduler<Delivery>;
  readonly #partitions: ReadonlyMap<number, Partition>;
  readonly #abort = new AbortController();
  /** What need not be handled again: a crash came between its outputs and the commit of its offset. */
  readonly #answered: Set<number>;
  readonly #delays = new Set<NodeJS.Timeout>();
  /** Where reading from the file goes on. */
  #cursor: number;
  #behind = true;
  /** Records from the cursor on, while behind. */
  #waiting: number;
  #bytes = 0;
  /** Records that are not due yet. */
  readonly #later = { records: 0, bytes: 0 };
  #draining: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(parts: SubscriptionParts) {
    const { options, streams, committed, reader } = parts;
    const scheduler = new Scheduler<Delivery>(options.slots, options.order);
    this.#parts = parts;
    this.#scheduler = scheduler;
    this.#partitions = new Map(
      streams.map((stream) => {
        const tracker = new OffsetTracker<Delivery>(committed.get(stream.number) ?? 0);
        return [stream.number, { stream, lane: scheduler.lane(), tracker }];
      }),
    );
    this.#cursor = Math.min(...streams.map((stream) => committed.get(stream.number) ?? 0));
    this.#waiting = reader.count(this.#cursor, parts.end());
    this.#answered = parts.answered(this.#cursor);
  }

  /** Begins to work from the committed offsets. */
  start(): void {
    this.#pump();
  }

  /** Hands over a record right after its commit, in log order. */
  offer(stream: Stream, record: BusRecord): void {
    if (this.#draining !== undefined) return;
    if (!this.#behind && this.#isFull()) {
      this.#behind = true;
      this.#cursor = record.offset;
    }
    if (this.#behind) {
      this.#waiting += 1;
      return;
    }
    this.#hold(stream, record);
    this.#pump();
  }

  /** What to commit; `saved` is to follow once that is durable. */
  unsaved(): readonly CommittedOffset[] {
    const { options, end } = this.#parts;
    const changed: CommittedOffset[] = [];
    // Whoever is level with the log has passed all of it, but one that drains is offered nothing any more.
    const draining = this.#draining !== undefined;
    const passed = this.#behind || draining ? this.#cursor : end();
    for (const { stream, tracker } of this.#partitions.values()) {
      const idle = tracker.pending === 0 && (draining || passed - tracker.committable() > IDLE_STEP);
      if (idle) tracker.advance(passed);
      const offset = tracker.unsaved();
      if (offset !== undefined) changed.push({ group: options.group, stream, offset });
    }
    return changed;
  }

  saved(offsets: readonly CommittedOffset[]): void {
    for (const { stream, offset } of offsets) this.#partitions.get(stream.number)?.tracker.saved(offset);
  }

  health(): SubscriptionHealth {
    const now = Date.now();
    let oldest = now;
    for (const { tracker } of this.#partitions.values()) {
      for (const delivery of tracker.unfinished()) oldest = Math.min(oldest, delivery.readyAtMs);
    }
    return {
      group: this.#parts.options.group,
      lag: this.#scheduler.held + this.#later.records + this.#waiting,
      inFlight: this.#scheduler.running,
      oldestAgeMs: now - oldest,
      partitions: this.#partitions.size,
      paused: this.#isFull() ? this.#partitions.size : 0,
      assignments: 1,
      alive: this.#draining === undefined,
    };
  }

  drain(timeoutMs: number): Promise<void> {
    const timer = setTimeout(
      () => this.#abort.abort(new Fault('cancelled', 'the process is stopping')),
      timeoutMs,
    );
    this.#draining ??= this.#drain();
    return this.#draining.finally(() => clearTimeout(timer));
  }

  async #drain(): Promise<void> {
    for (const timer of this.#delays) clearTimeout(timer);
    await this.#idle();
    await this.#parts.commit();
  }

  #isFull(): boolean {
    const { records, bytes } = this.#parts.buffer;
    return this.#scheduler.held >= records || this.#bytes >= bytes || this.#later.bytes >= LATER_BYTES;
  }

  #isHalfEmpty(): boolean {
    const { records, bytes } = this.#parts.buffer;
    return (
      this.#scheduler.held <= records / 2 && this.#bytes <= bytes / 2 && this.#later.bytes <= LATER_BYTES / 2
    );
  }

  #hold(stream: Stream, record: BusRecord): void {
    this.#cursor = record.offset + 1;
    const partition = this.#partitions.get(stream.number) as Partition;
    const { tracker } = partition;
    // Partitions are committed apart from each other: this one may have been further than the lowest.
    if (record.offset < tracker.committable()) return;
    const delivery: Delivery = { record, partition, failures: 0, readyAtMs: readyAtMs(record) };
    tracker.add(record.offset, delivery);
    if (this.#answered.delete(record.offset)) {
      tracker.done(record.offset);
      this.#parts.onProgress();
      return;
    }
    if (delivery.readyAtMs > record.timestamp) this.#holdUntilDue(delivery);
    else this.#admit(delivery);
  }

  #admit(delivery: Delivery): void {
    const { record, partition } = delivery;
    this.#bytes += sizeOf(record);
    this.#scheduler.add(partition.lane, record.key, delivery);
  }

  #holdUntilDue(delivery: Delivery): void {
    const bytes = sizeOf(delivery.record);
    this.#later.records += 1;
    this.#later.bytes += bytes;
    this.#after(delivery.readyAtMs - Date.now(), () => {
      this.#later.records -= 1;
      this.#later.bytes -= bytes;
      this.#admit(delivery);
      this.#pump();
    });
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#delays.delete(timer);
      act();
    }, ms);
    this.#delays.add(timer);
  }

  #catchUp(): void {
    const { reader, buffer, end } = this.#parts;
    while (this.#behind && !this.#isFull()) {
      const read = reader.read(
        { from: this.#cursor, to: end() },
        { records: buffer.records - this.#scheduler.held, bytes: buffer.bytes - this.#bytes },
        (stream, record) => this.#hold(stream, record),
      );
      this.#waiting = Math.max(0, this.#waiting - read);
      if (read > 0) continue;
      this.#behind = false;
      this.#waiting = 0;
      this.#cursor = end();
    }
  }

  #pump(): void {
    if (this.#draining !== undefined) return;
    if (this.#behind && this.#isHalfEmpty()) this.#catchUp();
    for (let task = this.#scheduler.take(); task !== undefined; task = this.#scheduler.take()) {
      void this.#run(task);
    }
  }

  async #run(task: Task<Delivery>): Promise<void> {
    const { record, partition } = task.item;
    const { options, publish, onProgress } = this.#parts;
    try {
      const outputs = await options.handle(record, this.#abort.signal);
      if (outputs.length > 0) await publish(outputs, record.offset);
    } catch (error) {
      this.#postpone(task, Fault.from(error));
      return;
    }
    this.#bytes -= sizeOf(record);
    partition.tracker.done(record.offset);
    this.#scheduler.finish(task);
    onProgress();
    this.#afterOne();
  }

  #postpone(task: Task<Delivery>, fault: Fault): void {
    const { redelivery, logger, options } = this.#parts;
    const { record, failures } = task.item;
    this.#scheduler.postpone(task);
    task.item.failures += 1;
    if (this.#draining === undefined) {
      const delayMs = redeliveryMs(redelivery, failures, fault);
      if (fault.retryAfterMs !== undefined) task.item.readyAtMs = Date.now() + delayMs;
      const { topic, partition, offset, id } = record;
      logger.warn(
        { group: options.group, topic, partition, offset, event_id: id, code: fault.code, delay_ms: delayMs },
        'an event could not be handled and will be delivered again',
      );
      this.#after(delayMs, () => {
        this.#scheduler.resume(task);
        this.#pump();
      });
    }
    this.#afterOne();
  }

  #afterOne(): void {
    if (this.#scheduler.running === 0) this.#onIdle?.();
    this.#pump();
  }

  /** Resolves once nothing runs any more, or soon after the abort. */
  #idle(): Promise<void> {
    if (this.#scheduler.running === 0) return Promise.resolve();
    const { signal } = this.#abort;
    return new Promise((resolve) => {
      let grace: NodeJS.Timeout | undefined;
      const hurry = (): void => {
        grace = setTimeout(resolve, ABORT_GRACE_MS);
      };
      if (signal.aborted) hurry();
      else signal.addEventListener('abort', hurry, { once: true });
      this.#onIdle = () => {
        clearTimeout(grace);
        signal.removeEventListener('abort', hurry);
        resolve();
      };
    });
  }
}
