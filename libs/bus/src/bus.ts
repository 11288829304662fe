import type { Outgoing } from '@spillway/contracts/event';
import type { Fault } from '@spillway/contracts/fault';

/** An event as it lies on the log. Read-only for handlers: every group is handed the same object. */
export interface BusRecord {
  readonly topic: string;
  readonly partition: number;
  /** Position in the partition; grows, may have gaps. */
  readonly offset: number;
  readonly key: string;
  /** Id given by `emit`; a record that is delivered twice, or published twice, has the same one. */
  readonly id: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch when the log took it in. */
  readonly timestamp: number;
  /** The event in `value`, once a group has decoded it: for the others, who are handed the same object. */
  decoded?: unknown;
}

/**
 * Header of an event that is not to be handed over before some moment: milliseconds since the epoch, in decimal, a day
 * from its publication at most. Until then the record holds neither slot nor key: what comes after it runs before it.
 */
export const NOT_BEFORE = 'not-before';

/**
 * Handles one record and returns what is to be published because of it.
 *
 * What it returns is durable before the record counts as done. It may be called again with the same record
 * (at-least-once), so its effects must be idempotent on `record.id`. After a crash the embedded driver publishes no
 * output twice; on Kafka outputs may come again, with the same ids. A rejection means: this record could not be
 * handled and may not be passed over; the driver delivers it again, not before `retryAfterMs` of the Fault are over
 * where it has them. Meanwhile the record keeps its key and gives its slot back. Retry and dead-letter middleware
 * therefore sit inside the handler, not in the driver.
 */
export type RecordHandler = (record: BusRecord, signal: AbortSignal) => Promise<readonly Outgoing[]>;

export interface SubscribeOptions {
  /** Consumer group: each record goes to one member of every group. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Records in flight at once, over all partitions of this subscription. */
  readonly slots: number;
  /** `key`: records of one key run one after the other, in log order. `none`: no order. */
  readonly order: 'key' | 'none';
  readonly handle: RecordHandler;
  /**
   * Milliseconds in which records may gather on the log before they are read, for a group that nobody waits for. Spares
   * work where each look at the log costs. Left out: they are read as soon as the driver can.
   */
  readonly gatherMs?: number;
  /**
   * What is published in place of outputs that the log will never take, such as one that is too large. Left out: the
   * record is delivered again, like any other that could not be handled.
   */
  readonly refused?: (record: BusRecord, fault: Fault) => readonly Outgoing[];
}

/** What an operator wants to know about a subscription. */
export interface SubscriptionHealth {
  readonly group: string;
  /**
   * Records appended to the subscribed topics that are not done yet. Of the share of this member, and as of its last
   * look at the log, where the log lies elsewhere.
   */
  readonly lag: number;
  readonly inFlight: number;
  /** Milliseconds since the longest waiting record might have been done: what is to wait does not count. 0 when there is none. */
  readonly oldestAgeMs: number;
  /** Partitions, retry topics included, that this member has. */
  readonly partitions: number;
  /** Those of them that are not read on now, because enough is held already. */
  readonly paused: number;
  /** How often partitions were shared out anew since the subscription began, the first time included. */
  readonly assignments: number;
  readonly alive: boolean;
}

export interface Subscription {
  health(): SubscriptionHealth;
  /**
   * Takes no new records, lets those in flight finish and commits. After `timeoutMs` their signals are aborted. Whoever
   * asks again can give them less time, and no more.
   */
  drain(timeoutMs: number): Promise<void>;
}

/** The event log: partitions, consumer groups, committed offsets. */
export interface Bus {
  readonly driver: 'embedded' | 'kafka';
  /** Resolves once every event is durable. Events of one key keep their order. Throws only Fault. */
  publish(events: readonly Outgoing[]): Promise<void>;
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /**
   * Shows every record of these topics that is published from now on, to whoever only looks: no group, no offsets, no
   * redelivery. Returns the function that ends it.
   */
  tail(topics: readonly string[], look: (record: BusRecord) => void): Promise<() => Promise<void>>;
  /**
   * Hands over what lies on these topics now, in batches, oldest first within a partition, until `look` says false: it
   * has seen enough. No group, no offsets. Throws `unavailable` when the log cannot be read, and what `look` throws.
   */
  scan(topics: readonly string[], look: (records: readonly BusRecord[]) => Promise<boolean>): Promise<void>;
  /** Closes the log after all subscriptions were drained. */
  close(): Promise<void>;
}

/** Injection token of the process's one bus. */
export const BUS = Symbol('bus');
