import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import type { Logger } from '@spillway/telemetry/logger';
import type { BusRecord, SubscribeOptions, Subscription, SubscriptionHealth } from '../bus.js';
import { type Redelivery, redeliveryMs } from '../delay.js';
import type { Task } from '../scheduler.js';
import type { ConsumerListener, GroupConsumer } from './consumer.js';
import {
  type Commit,
  type Delivery,
  type Fetched,
  GroupMember,
  type TopicPartition,
} from './group-member.js';

/** What of a subscription can be set, times in milliseconds. */
export interface SubscriptionSettings {
  /** Between commits: what finished since is delivered again after a crash. */
  readonly commitMs: number;
  /** How long a rejected record waits: doubled with each rejection. */
  readonly redelivery: Redelivery;
  /**
   * Records of a partition that are held before its reading pauses, and four for each slot at least. Resuming takes as
   * long as an idle fetch: half of these must keep the slots busy for that time.
   */
  readonly records: number;
  /** Bytes that are held before reading pauses. */
  readonly bytes: number;
  /** Without a sign of life from the consumer for so long, the subscription counts as dead. */
  readonly silenceMs: number;
  /** With records in flight and not one that finishes for so long, it counts as dead. */
  readonly standstillMs: number;
}

export const defaultSettings: SubscriptionSettings = {
  commitMs: 250,
  redelivery: { firstMs: 50, maxMs: 5_000 },
  records: 2_048,
  bytes: 8 * 2 ** 20,
  // Not a matter of the broker's health: a start anew mends a loop that hangs, and no outage.
  silenceMs: 300_000,
  standstillMs: 600_000,
};

export interface SubscriptionParts {
  readonly options: SubscribeOptions;
  readonly settings: SubscriptionSettings;
  /** Joins the group. */
  readonly join: (listener: ConsumerListener) => Promise<GroupConsumer>;
  readonly publish: (events: readonly Outgoing[]) => Promise<void>;
  /** Told when the subscription has died of something that only a new process can mend. */
  readonly onFatal: (fault: Fault) => void;
  readonly logger: Logger;
}

/** Milliseconds that an aborted handler has to settle before a drain goes on without it. */
const ABORT_GRACE_MS = 1_000;
/**
 * Milliseconds that the brokers may take at the end, for outputs and for commits. What they do not take, such as while
 * they are gone, whoever has the partitions next handles again, from what is recorded of it.
 */
const LAST_WRITES_MS = 1_000;
/** Milliseconds that the farewell to the group may take. Whoever is not heard is missed when its session is over. */
const LEAVE_MS = 1_000;

const RECORDS_PER_SLOT = 4;

/** Joins the group and begins to work from its offsets. Throws as `openConsumer` does. */
export async function openSubscription(parts: SubscriptionParts): Promise<Subscription> {
  const subscription = new KafkaSubscription(parts);
  await subscription.open();
  return subscription;
}

/** One member of a group at work: what the broker says goes into `GroupMember`, what that decides is done here. */
class KafkaSubscription implements Subscription, ConsumerListener {
  readonly #parts: SubscriptionParts;
  readonly #member: GroupMember;
  readonly #abort = new AbortController();
  readonly #delays = new Set<NodeJS.Timeout>();
  #consumer: GroupConsumer | undefined;
  #commitTimer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #fatal: Fault | undefined;
  #finishedAt = performance.now();
  #assignments = 0;
  /** Records whose handler runs. The others in flight wait for the brokers to take their outputs. */
  #handling = 0;
  /** Whoever waits for something to change. */
  #waiting: (() => void) | undefined;

  constructor(parts: SubscriptionParts) {
    const { slots, order } = parts.options;
    const { records, bytes } = parts.settings;
    this.#parts = parts;
    this.#member = new GroupMember({
      slots,
      order,
      records: Math.max(records, RECORDS_PER_SLOT * slots),
      bytes,
    });
  }

  async open(): Promise<void> {
    this.#consumer = await this.#parts.join(this);
    this.#pump();
  }

  onRevoke(): void {
    if (this.#member.revoking) return;
    void this.#send(this.#member.revoke());
  }

  onAssign(partitions: readonly TopicPartition[]): void {
    const { options, logger } = this.#parts;
    this.#member.assign(partitions);
    this.#assignments += 1;
    logger.info({ group: options.group, partitions: partitions.length }, 'partitions are assigned');
    this.#commitSoon();
    this.#pump();
    this.#waiting?.();
  }

  onFetch(fetched: Fetched): boolean {
    const taken = this.#member.take(fetched);
    for (const delivery of this.#member.later()) {
      this.#after(delivery.readyAtMs - Date.now(), () => this.#member.admit(delivery));
    }
    this.#commitSoon();
    this.#pump();
    return taken;
  }

  onFatal(fault: Fault): void {
    const { options, logger, onFatal } = this.#parts;
    this.#fatal = fault;
    logger.fatal({ group: options.group, code: fault.code }, 'the subscription is dead');
    onFatal(fault);
  }

  health(): SubscriptionHealth {
    const now = Date.now();
    return {
      group: this.#parts.options.group,
      lag: this.#member.lag,
      inFlight: this.#member.inFlight,
      oldestAgeMs: Math.max(0, now - (this.#member.oldestReadyAtMs() ?? now)),
      ...this.#member.partitions,
      assignments: this.#assignments,
      alive: this.#isAlive(),
    };
  }

  drain(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#abort.abort(new Fault('cancelled', 'the process is stopping'));
      this.#waiting?.();
    }, timeoutMs);
    this.#draining ??= this.#drain();
    return this.#draining.finally(() => clearTimeout(timer));
  }

  async #drain(): Promise<void> {
    this.#member.stop();
    for (const timer of this.#delays) clearTimeout(timer);
    this.#pump();
    await this.#until(() => this.#handling === 0 || this.#abort.signal.aborted);
    await this.#until(() => this.#handling === 0, ABORT_GRACE_MS);
    const writtenBy = performance.now() + LAST_WRITES_MS;
    const untilWritten = (check: () => boolean): Promise<void> =>
      this.#until(check, Math.max(0, writtenBy - performance.now()));
    await untilWritten(() => this.#member.inFlight === 0);
    clearTimeout(this.#commitTimer);
    await untilWritten(() => !this.#member.committing && !this.#member.revoking);
    void this.#send(this.#member.commit());
    await untilWritten(() => !this.#member.committing);
    await this.#consumer?.leave(LEAVE_MS);
  }

  #isAlive(): boolean {
    const { silenceMs, standstillMs } = this.#parts.settings;
    if (this.#draining !== undefined || this.#fatal !== undefined) return false;
    if ((this.#consumer?.silentMs() ?? 0) > silenceMs) return false;
    return this.#member.inFlight === 0 || performance.now() - this.#finishedAt < standstillMs;
  }

  #pump(): void {
    const member = this.#member;
    if (member.inFlight === 0) this.#finishedAt = performance.now();
    for (let task = member.start(); task !== undefined; task = member.start()) void this.#run(task);
    // Before the consumer is there it reads nothing: what is to be paused is told with the first pump after.
    if (this.#consumer !== undefined) this.#consumer.flow(member.flow());
  }

  async #run(task: Task<Delivery>): Promise<void> {
    try {
      const outputs = await this.#handle(task.item.record);
      // Whoever owns the partition now publishes them, in its order.
      if (outputs.length > 0 && !this.#member.isLost(task)) await this.#publish(outputs, task.item.record);
    } catch (error) {
      this.#postpone(task, Fault.from(error));
      return;
    }
    this.#member.finish(task);
    this.#commitSoon();
    this.#afterOne();
  }

  async #handle(record: BusRecord): Promise<readonly Outgoing[]> {
    this.#handling += 1;
    try {
      return await this.#parts.options.handle(record, this.#abort.signal);
    } finally {
      this.#handling -= 1;
      this.#waiting?.();
    }
  }

  async #publish(outputs: readonly Outgoing[], record: BusRecord): Promise<void> {
    const { options, publish } = this.#parts;
    try {
      await publish(outputs);
    } catch (error) {
      const fault = Fault.from(error);
      if (fault.reaction !== 'dead-letter' || options.refused === undefined) throw fault;
      await publish(options.refused(record, fault));
    }
  }

  #postpone(task: Task<Delivery>, fault: Fault): void {
    const { settings, logger, options } = this.#parts;
    const { record, failures } = task.item;
    const outage = fault.code === 'unavailable';
    this.#member.reject(task, outage);
    if (this.#draining === undefined && !this.#member.isLost(task)) {
      const asked = redeliveryMs(settings.redelivery, failures, fault);
      // The whole group stands still until this one has shown whether the outage is over.
      const delayMs = outage ? Math.min(asked, settings.redelivery.maxMs) : asked;
      if (fault.retryAfterMs !== undefined) task.item.readyAtMs = Date.now() + delayMs;
      const { topic, partition, offset, id } = record;
      logger.warn(
        { group: options.group, topic, partition, offset, event_id: id, code: fault.code, delay_ms: delayMs },
        'an event could not be handled and will be delivered again',
      );
      this.#after(delayMs, () => this.#member.due(task));
    }
    this.#afterOne();
  }

  #after(ms: number, act: () => void): void {
    if (this.#draining !== undefined) return;
    const timer = setTimeout(() => {
      this.#delays.delete(timer);
      act();
      this.#pump();
    }, ms);
    this.#delays.add(timer);
  }

  #afterOne(): void {
    this.#finishedAt = performance.now();
    this.#pump();
    this.#waiting?.();
  }

  #commitSoon(): void {
    if (this.#commitTimer !== undefined || this.#draining !== undefined) return;
    this.#commitTimer = setTimeout(() => {
      this.#commitTimer = undefined;
      void this.#send(this.#member.commit());
    }, this.#parts.settings.commitMs).unref();
  }

  /** Sends a commit; one that fails is made up for by the next. */
  async #send(commit: Commit | undefined): Promise<void> {
    if (commit === undefined) return;
    let durable = false;
    try {
      await this.#consumer?.commit(commit);
      durable = this.#consumer !== undefined;
    } catch (error) {
      const reason = (error as { type?: string }).type ?? Fault.from(error).code;
      this.#parts.logger.warn({ group: this.#parts.options.group, reason }, 'offsets were not committed');
    }
    this.#member.committed(commit, durable);
    // For what has finished meanwhile; it ends when there is nothing to commit.
    this.#commitSoon();
    this.#waiting?.();
  }

  /** Resolves once it is true, or so many milliseconds have passed. */
  async #until(check: () => boolean, ms?: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    this.#waiting = () => {
      if (check()) resolve();
    };
    this.#waiting();
    await promise;
    clearTimeout(timer);
    this.#waiting = undefined;
  }
}
