import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import type { GroupCommit } from '@spillway/sqlite/group-commit';
import { openShared, type SharedDatabase } from '@spillway/sqlite/shared-database';
import { createLogger, type Logger } from '@spillway/telemetry/logger';
import type { Bus, BusRecord, SubscribeOptions, Subscription } from './bus.js';
import type { Redelivery } from './delay.js';
import { type Cause, type EmbeddedLog, embeddedLog, migrations, type Stream } from './embedded-log.js';
import { type Retention, trimming } from './embedded-retention.js';
import { scanLog } from './embedded-scan.js';
import { EmbeddedSubscription } from './embedded-subscription.js';

export interface EmbeddedBusOptions extends Partial<Retention> {
  /** The file; its folder is created. */
  readonly path: string;
  /** Partitions of a topic that is new; a known one keeps what it has. Default 4. */
  readonly partitions?: number;
  /**
   * `normal`: what was published survives a crash or `kill -9` of the process, and a loss of power may take the last
   * commits. `full`: it survives that too, at one disk flush for each commit. Default `normal`.
   */
  readonly synchronous?: 'full' | 'normal';
  /**
   * Milliseconds between commits of consumer offsets: what finished since, without outputs, is delivered again after a
   * crash. Default 100.
   */
  readonly commitMs?: number;
  /** How long a rejected record waits. Default 50 ms, doubled up to 5 s. */
  readonly redelivery?: Redelivery;
  /** What a subscription holds in memory before it reads from the file. Default 1,024 records, or four a slot, and 8 MiB. */
  readonly buffer?: { readonly records?: number; readonly bytes?: number };
}

/**
 * Opens the embedded bus: an append-only log in one SQLite file, for this one process. Throws `unavailable` when
 * another process holds the file, and `misconfigured` when a newer version wrote it.
 */
export function openEmbeddedBus(options: EmbeddedBusOptions): Bus {
  const logger = createLogger('bus');
  const file = openShared(options.path, { migrations, synchronous: options.synchronous ?? 'normal', logger });
  const log = embeddedLog(file.database, options.partitions ?? 4);
  return new EmbeddedBus(options, log, file, logger);
}

type Reader = (stream: Stream, record: BusRecord) => void;

class EmbeddedBus implements Bus {
  readonly driver = 'embedded';
  readonly #options: EmbeddedBusOptions;
  readonly #log: EmbeddedLog;
  readonly #writes: GroupCommit;
  readonly #file: SharedDatabase;
  readonly #logger: Logger;
  readonly #readers = new Map<string, Set<Reader>>();
  readonly #subscriptions = new Set<EmbeddedSubscription>();
  /** Group and topic of every subscription. */
  readonly #taken = new Set<string>();
  readonly #stopTrimming: () => void;
  #commitTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  /** Offset below which everything is durable and was offered to whoever reads. */
  #end: number;

  constructor(options: EmbeddedBusOptions, log: EmbeddedLog, file: SharedDatabase, logger: Logger) {
    this.#options = options;
    this.#log = log;
    this.#writes = file.writes;
    this.#file = file;
    this.#logger = logger;
    this.#end = log.next;
    this.#stopTrimming = trimming(log, file.writes, options, (error) => this.#reportFailure(error));
  }

  publish(events: readonly Outgoing[]): Promise<void> {
    return this.#publish(events);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#refuseWhenClosing();
    const release = this.#claim(options);
    try {
      const subscription = await this.#open(options);
      const unlisten = this.#listen(options.topics, (stream, record) => subscription.offer(stream, record));
      this.#subscriptions.add(subscription);
      subscription.start();
      const drain = async (timeoutMs: number): Promise<void> => {
        unlisten();
        await subscription.drain(timeoutMs);
        this.#subscriptions.delete(subscription);
        release();
      };
      return { health: () => subscription.health(), drain };
    } catch (error) {
      release();
      throw error;
    }
  }

  async tail(topics: readonly string[], look: (record: BusRecord) => void): Promise<() => Promise<void>> {
    this.#refuseWhenClosing();
    const unlisten = this.#listen(topics, (_, record) => {
      try {
        look(record);
      } catch (error) {
        this.#reportFailure(error);
      }
    });
    return async () => unlisten();
  }

  async scan(
    topics: readonly string[],
    look: (records: readonly BusRecord[]) => Promise<boolean>,
  ): Promise<void> {
    this.#refuseWhenClosing();
    await scanLog(this.#log, topics, this.#end, (records) => {
      this.#refuseWhenClosing();
      return look(records);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stopTrimming();
    clearTimeout(this.#commitTimer);
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.drain(0)));
    await this.#file.close();
  }

  async #publish(events: readonly Outgoing[], cause?: Cause): Promise<void> {
    if (events.length === 0) return;
    this.#refuseWhenClosing();
    for (const { topic } of events) this.#log.streamsOf(topic);
    this.#dispatch(await this.#writes.run(() => this.#log.append(events, Date.now(), cause)));
  }

  #refuseWhenClosing(): void {
    if (this.#closing !== undefined) throw new Fault('cancelled', 'the bus is closed');
  }

  /** Makes a group's topics its own: a second member would have to share partitions, which one process never needs. */
  #claim({ group, topics }: SubscribeOptions): () => void {
    const claims = topics.map((topic) => `${group}\n${topic}`);
    if (claims.some((claim) => this.#taken.has(claim))) {
      throw new Fault('rejected', `group ${group} has a member that reads one of these topics already`);
    }
    for (const claim of claims) this.#taken.add(claim);
    return () => {
      for (const claim of claims) this.#taken.delete(claim);
    };
  }

  async #open(options: SubscribeOptions): Promise<EmbeddedSubscription> {
    const { group, topics, slots } = options;
    const { redelivery, buffer } = this.#options;
    const streams = topics.flatMap((topic) => this.#log.streamsOf(topic));
    const committed = this.#log.committed(group);
    const fresh = streams.filter((stream) => !committed.has(stream.number));
    // From now on the group is known, and what it has not done is kept.
    await this.#writes.run(() => this.#log.commit(fresh.map((stream) => ({ group, stream, offset: 0 }))));
    return new EmbeddedSubscription({
      options,
      streams,
      reader: this.#log.reader(streams),
      answered: (from) => this.#log.answered(group, from),
      committed,
      redelivery: redelivery ?? { firstMs: 50, maxMs: 5_000 },
      buffer: { records: buffer?.records ?? Math.max(1_024, 4 * slots), bytes: buffer?.bytes ?? 8 * 2 ** 20 },
      end: () => this.#end,
      publish: (events, offset) => this.#publish(events, { group, offset }),
      onProgress: () => this.#commitSoon(),
      commit: () => this.#commit(),
      logger: this.#logger,
    });
  }

  #listen(topics: readonly string[], read: Reader): () => void {
    for (const topic of topics) {
      this.#log.streamsOf(topic);
      const readers = this.#readers.get(topic) ?? new Set();
      this.#readers.set(topic, readers.add(read));
    }
    return () => {
      for (const topic of topics) this.#readers.get(topic)?.delete(read);
    };
  }

  #dispatch(records: readonly BusRecord[]): void {
    // First the end, then the offers: who has fallen behind reads these records from the file.
    this.#end = (records.at(-1) as BusRecord).offset + 1;
    for (const record of records) {
      const readers = this.#readers.get(record.topic);
      if (readers === undefined) continue;
      const stream = this.#log.streamsOf(record.topic)[record.partition] as Stream;
      for (const read of readers) read(stream, record);
    }
  }

  async #commit(): Promise<void> {
    const due = [...this.#subscriptions].map((subscription) => ({
      subscription,
      offsets: subscription.unsaved(),
    }));
    const offsets = due.flatMap((entry) => entry.offsets);
    if (offsets.length === 0) return;
    await this.#writes.run(() => this.#log.commit(offsets));
    for (const entry of due) entry.subscription.saved(entry.offsets);
  }

  #commitSoon(): void {
    if (this.#commitTimer !== undefined || this.#closing !== undefined) return;
    this.#commitTimer = setTimeout(() => {
      this.#commitTimer = undefined;
      this.#commit().catch((error: unknown) => this.#reportFailure(error));
    }, this.#options.commitMs ?? 100).unref();
  }

  #reportFailure(error: unknown): void {
    this.#logger.error({ code: Fault.from(error).code }, 'the bus could not finish work in the background');
  }
}
