import type { BusRecord } from '../bus.js';
import { readyAtMs } from '../delay.js';
import { OffsetTracker } from '../offset-tracker.js';
import { type Lane, Scheduler, type Task } from '../scheduler.js';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What one fetch brought of one partition. */
export interface Fetched extends TopicPartition {
  readonly records: readonly BusRecord[];
  /** Where reading goes on: what lies below and is not among the records is a gap. */
  readonly next: number;
  /** End of the partition, as the broker said. */
  readonly end: number;
}

/** One partition for as long as the member keeps it. Work hangs on this object, so that nothing done late can reach its successor. */
interface Holding extends TopicPartition {
  readonly lane: Lane;
  /** Made with the first fetch, which alone knows where the group stands. */
  tracker: OffsetTracker<Delivery> | undefined;
  bytes: number;
  /** Bytes of records that are not due yet. */
  laterBytes: number;
  end: number;
  /** Undefined: not told to the consumer since the last assignment. */
  paused: boolean | undefined;
}

export interface Delivery {
  readonly record: BusRecord;
  readonly holding: Holding;
  /** How often it was rejected. */
  failures: number;
  /** Milliseconds since the epoch from which on it may run. */
  readyAtMs: number;
}

/** Offsets on their way to the broker. */
export interface Commit {
  readonly offsets: readonly (TopicPartition & { readonly offset: number })[];
}

export interface MemberLimits {
  readonly slots: number;
  readonly order: 'key' | 'none';
  /** Records of one partition that are held before its reading pauses. */
  readonly records: number;
  /** Bytes held before reading pauses, an equal share for each partition. */
  readonly bytes: number;
}

/** Bytes that a record takes in memory besides its value, roughly. */
const RECORD_BYTES = 300;
/** Bytes of one partition's records that are not due yet before its reading pauses: what lies behind them waits too. */
const LATER_BYTES = 4 * 2 ** 20;

const sizeOf = (record: BusRecord): number => record.value.length + RECORD_BYTES;
const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/**
 * What one member of a consumer group holds, may start and may commit. Knows nothing of time, promises or a client.
 *
 * Each partition pauses by itself, so that one whose records stand still behind a key cannot starve the others.
 */
export class GroupMember {
  readonly #limits: MemberLimits;
  readonly #scheduler: Scheduler<Delivery>;
  #holdings = new Map<string, Holding>();
  /** Those that may have to pause or resume, since it was last asked: a look at all of them costs more than a record. */
  #changed = new Set<Holding>();
  #committing: { readonly commit: Commit; readonly holdings: readonly Holding[] } | undefined;
  /** What was taken in and waits for its moment, since it was last asked. */
  #later: Delivery[] = [];
  #revoking = false;
  #stopped = false;
  /** The delivery whose next try will show whether the outage is over. */
  #probe: Delivery | undefined;
  #probeIsDue = false;

  constructor(limits: MemberLimits) {
    this.#limits = limits;
    this.#scheduler = new Scheduler(limits.slots, limits.order);
  }

  get inFlight(): number {
    return this.#scheduler.running;
  }

  /** Whether partitions may be lost: from the news of a rebalance to the next assignment. */
  get revoking(): boolean {
    return this.#revoking;
  }

  /** Whether a commit is under way. */
  get committing(): boolean {
    return this.#committing !== undefined;
  }

  /** Records of the member's partitions that are not done, as of the last fetches. */
  get lag(): number {
    let lag = 0;
    for (const { tracker, end } of this.#holdings.values()) {
      if (tracker !== undefined) lag += tracker.pending + Math.max(0, end - tracker.next);
    }
    return lag;
  }

  /** How many the member has, and how many of them it has paused. */
  get partitions(): { readonly partitions: number; readonly paused: number } {
    const paused = [...this.#holdings.values()].filter((holding) => holding.paused === true);
    return { partitions: this.#holdings.size, paused: paused.length };
  }

  /** The moment since which an unfinished record might have been done; undefined when there is none. */
  oldestReadyAtMs(): number | undefined {
    let oldest: number | undefined;
    for (const { tracker } of this.#holdings.values()) {
      for (const delivery of tracker?.unfinished() ?? []) {
        oldest = Math.min(oldest ?? delivery.readyAtMs, delivery.readyAtMs);
      }
    }
    return oldest;
  }

  /**
   * Starts nothing until the next assignment: what begins now might run at the next owner too. What is in flight runs
   * on. Returns the last commit that may be made before.
   */
  revoke(): Commit | undefined {
    const commit = this.commit();
    this.#revoking = true;
    return commit;
  }

  /**
   * Keeps the state of partitions that stay, whatever happened between: at worst another member did some of their
   * records too. Forgets the queue of those that are gone; what of them is in flight can neither commit nor publish.
   */
  assign(partitions: readonly TopicPartition[]): void {
    const before = this.#holdings;
    this.#holdings = new Map();
    for (const { topic, partition } of partitions) {
      const name = nameOf({ topic, partition });
      const holding = before.get(name) ?? this.#hold({ topic, partition });
      holding.paused = undefined;
      this.#holdings.set(name, holding);
      before.delete(name);
    }
    for (const lost of before.values()) this.#drop(lost);
    this.#changed = new Set(this.#holdings.values());
    this.#revoking = false;
  }

  /** Takes records in, without those that it has. False when the partition is not the member's. */
  take({ records, next, end, ...place }: Fetched): boolean {
    let holding = this.#holdings.get(nameOf(place));
    if (holding === undefined) return false;
    // A log that ends below what was read of it is another log, made anew under the same name.
    if (holding.tracker !== undefined && end < holding.tracker.next) {
      this.#drop(holding);
      this.#changed.delete(holding);
      holding = this.#hold(place);
      this.#holdings.set(nameOf(place), holding);
      this.#changed.add(holding);
    }
    const tracker = holding.tracker ?? new OffsetTracker<Delivery>(records[0]?.offset ?? next);
    holding.tracker = tracker;
    holding.end = Math.max(end, next);
    for (const record of records) {
      if (record.offset < tracker.next) continue;
      const delivery: Delivery = { record, holding, failures: 0, readyAtMs: readyAtMs(record) };
      tracker.add(record.offset, delivery);
      if (delivery.readyAtMs > record.timestamp) this.#putOff(delivery);
      else this.#queue(delivery);
    }
    tracker.advance(next);
    return true;
  }

  /** What was taken in since the last call and is to be handed to `admit` at its moment. */
  later(): readonly Delivery[] {
    const later = this.#later;
    this.#later = [];
    return later;
  }

  /** Queues what has waited for its moment. */
  admit(delivery: Delivery): void {
    delivery.holding.laterBytes -= sizeOf(delivery.record);
    this.#queue(delivery);
  }

  /** What is to be started now; it holds a slot until it is finished or rejected. */
  start(): Task<Delivery> | undefined {
    if (this.#stopped || this.#revoking) return undefined;
    if (this.#probe !== undefined && !this.#probeIsDue) return undefined;
    const task = this.#scheduler.take();
    if (task !== undefined && this.#probe !== undefined) {
      this.#probe = task.item;
      this.#probeIsDue = false;
    }
    return task;
  }

  /** Whether the partition of this delivery went to another member since. */
  isLost(task: Task<Delivery>): boolean {
    return task.item.holding.lane.dropped;
  }

  finish(task: Task<Delivery>): void {
    const { record, holding } = task.item;
    this.#scheduler.finish(task);
    if (holding.lane.dropped) return;
    holding.tracker?.done(record.offset);
    holding.bytes -= sizeOf(record);
    this.#changed.add(holding);
    this.#probe = undefined;
  }

  /**
   * Gives the slot back; the record keeps its key until it is `due` again. With `outage` nothing else is started until
   * something succeeds: one record at a time shows whether it does.
   */
  reject(task: Task<Delivery>, outage: boolean): void {
    this.#scheduler.postpone(task);
    task.item.failures += 1;
    if (outage && this.#probe === undefined && !this.isLost(task)) {
      this.#probe = task.item;
      this.#probeIsDue = false;
    }
  }

  /** Lets a rejected record run again. */
  due(task: Task<Delivery>): void {
    this.#scheduler.resume(task);
    if (this.#probe === task.item) this.#probeIsDue = true;
  }

  /** Starts nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#changed = new Set(this.#holdings.values());
  }

  /** Which partitions are to be paused and resumed, since it was last asked. */
  flow(): { readonly pause: readonly TopicPartition[]; readonly resume: readonly TopicPartition[] } {
    const pause: TopicPartition[] = [];
    const resume: TopicPartition[] = [];
    for (const holding of this.#changed) {
      const paused = this.#mustPause(holding);
      if (paused === holding.paused) continue;
      holding.paused = paused;
      (paused ? pause : resume).push(holding);
    }
    this.#changed.clear();
    return { pause, resume };
  }

  /** What is to be committed now, of partitions that are the member's; undefined when nothing is, or a commit is under way. */
  commit(): Commit | undefined {
    if (this.#committing !== undefined || this.#revoking) return undefined;
    const holdings: Holding[] = [];
    const offsets: (TopicPartition & { offset: number })[] = [];
    for (const holding of this.#holdings.values()) {
      const offset = holding.tracker?.unsaved();
      if (offset === undefined) continue;
      holdings.push(holding);
      offsets.push({ topic: holding.topic, partition: holding.partition, offset });
    }
    if (offsets.length === 0) return undefined;
    const commit = { offsets };
    this.#committing = { commit, holdings };
    return commit;
  }

  /** The commit is over; without `durable` its offsets are still to be committed. */
  committed(commit: Commit, durable: boolean): void {
    if (this.#committing?.commit !== commit) return;
    const { holdings } = this.#committing;
    this.#committing = undefined;
    if (!durable) return;
    for (const [index, { offset }] of commit.offsets.entries()) holdings[index]?.tracker?.saved(offset);
  }

  #queue(delivery: Delivery): void {
    const { record, holding } = delivery;
    holding.bytes += sizeOf(record);
    if (!holding.lane.dropped) this.#changed.add(holding);
    this.#scheduler.add(holding.lane, record.key === '' ? undefined : record.key, delivery);
  }

  #putOff(delivery: Delivery): void {
    delivery.holding.laterBytes += sizeOf(delivery.record);
    this.#changed.add(delivery.holding);
    this.#later.push(delivery);
  }

  #hold({ topic, partition }: TopicPartition): Holding {
    const lane = this.#scheduler.lane();
    return { topic, partition, lane, tracker: undefined, bytes: 0, laterBytes: 0, end: 0, paused: undefined };
  }

  #drop(holding: Holding): void {
    this.#scheduler.drop(holding.lane);
    if (this.#probe?.holding === holding) this.#probe = undefined;
  }

  #mustPause({ lane, bytes, laterBytes, paused }: Holding): boolean {
    if (this.#stopped) return true;
    const share = this.#limits.bytes / this.#holdings.size;
    const { records } = this.#limits;
    return paused === true
      ? lane.held > records / 2 || bytes > share / 2 || laterBytes > LATER_BYTES / 2
      : lane.held >= records || bytes >= share || laterBytes >= LATER_BYTES;
  }
}
