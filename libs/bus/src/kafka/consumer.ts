import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@spillway/contracts/fault';
import type { Logger } from '@spillway/telemetry/logger';
import type {
  Assignment,
  Consumer,
  ConsumerCrashEvent,
  EachBatchPayload,
  Kafka,
  PartitionAssigner,
} from 'kafkajs';
import type { Commit, Fetched, TopicPartition } from './group-member.js';
import { readRecord } from './record.js';
import { type StickyAssigner, stickyAssigner } from './sticky-assigner.js';

/** How a member of a group keeps time with its broker, milliseconds. */
export interface ConsumerTimings {
  /** Silence after which the broker gives a member's partitions to others. At least 6 s where the broker has defaults. */
  readonly sessionTimeoutMs: number;
  /** At the end of a fetch, once so long has passed: what a member takes to hear that partitions are shared out anew. */
  readonly heartbeatMs: number;
  /** What the broker waits for members to join again when partitions are shared out anew. */
  readonly rebalanceTimeoutMs: number;
  /** What a fetch waits for records; also what it takes until a resumed partition is read. */
  readonly maxWaitMs: number;
  /**
   * Between two fetches that bring something. A fetch costs CPU for every partition that it asks for, here and at the
   * broker, so what comes within this time is fetched together.
   */
  readonly fetchEveryMs: number;
  /** After this long a partition that was added is found. */
  readonly metadataMaxAgeMs: number;
  /** In this time a consumer must have joined its group, or it does not open. */
  readonly joinMs: number;
}

export const defaultTimings: ConsumerTimings = {
  sessionTimeoutMs: 10_000,
  heartbeatMs: 500,
  rebalanceTimeoutMs: 15_000,
  maxWaitMs: 500,
  fetchEveryMs: 5,
  metadataMaxAgeMs: 60_000,
  joinMs: 60_000,
};

/** What a consumer tells. Nothing here may throw. */
export interface ConsumerListener {
  /** Partitions may be lost: told before the member joins again, while a commit still counts. */
  onRevoke(): void;
  onAssign(partitions: readonly TopicPartition[]): void;
  /** False when the partition is not the member's, and reading must not go on from there. */
  onFetch(fetched: Fetched): boolean;
  /** Nothing will be read any more. */
  onFatal(fault: Fault): void;
}

export interface GroupConsumer {
  /** Throws when the broker did not take the offsets, at once and without another try. */
  commit(commit: Commit): Promise<void>;
  /** Does nothing while the consumer is out of its group: after the next assignment it is to be said again. */
  flow(change: {
    readonly pause: readonly TopicPartition[];
    readonly resume: readonly TopicPartition[];
  }): void;
  /** Milliseconds since there was a sign of life from its loop. */
  silentMs(): number;
  /** Leaves the group, so that others take over at once. Gives up after so many milliseconds. */
  leave(timeoutMs: number): Promise<void>;
}

export interface ConsumerOptions {
  readonly client: Kafka;
  readonly group: string;
  readonly topics: readonly string[];
  readonly timings: ConsumerTimings;
  readonly logger: Logger;
  readonly listener: ConsumerListener;
}

/** Bytes of one partition in one fetch; a record that is larger comes alone. */
const PARTITION_BYTES = 256 * 1024;
/** Bytes of one fetch. */
const FETCH_BYTES = 4 * 2 ** 20;
/** What a consumer may take to leave that has joined after it had left. */
const LEAVE_AGAIN_MS = 5_000;
/** One for each broker that keeps its pace, and one for what else was fetched; each costs a little with every fetch. */
const BATCHES_AT_ONCE = 16;

/**
 * Joins a group and reads its share of the topics from the group's offsets, or the beginning. Resolves once it has
 * joined. Throws `misconfigured` when a topic is missing and `unavailable` when the group cannot be reached.
 */
export async function openConsumer(options: ConsumerOptions): Promise<GroupConsumer> {
  const { topics, group } = options;
  const member = new KafkaConsumer(options);
  try {
    await member.run(topics);
  } catch (error) {
    await member.leave(1_000);
    throw openingFault(group, error);
  }
  return member;
}

function openingFault(group: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const missing = (error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION';
  const words = missing ? 'a topic is missing' : 'the broker cannot be reached';
  return new Fault(
    missing ? 'misconfigured' : 'unavailable',
    `group ${group} could not be joined: ${words}`,
    {
      cause: error,
    },
  );
}

async function within<T>(ms: number, promise: Promise<T>, late: string): Promise<T> {
  const { promise: never, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Fault('unavailable', `${late} within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, never]);
  } finally {
    clearTimeout(timer);
  }
}

class KafkaConsumer implements GroupConsumer {
  readonly #consumer: Consumer;
  readonly #listener: ConsumerListener;
  readonly #logger: Logger;
  readonly #joined = Promise.withResolvers<void>();
  readonly #group: string;
  readonly #fetchEveryMs: number;
  readonly #joinMs: number;
  /** Of a fetch no batch was taken yet. The first one waits, and with it the next fetch, which needs all of them handled. */
  #isFresh = false;
  #assigner: StickyAssigner | undefined;
  /**
   * Commits without tries of its own, which could carry an old offset into a new assignment. Known with the first
   * batch.
   */
  #commitOnce: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;
  #isMember = false;
  #assigned: readonly TopicPartition[] = [];
  /**
   * Since partitions were said to be lost: `out` until the client reads again, `back` until it is a member for sure, by
   * the next assignment or a heartbeat that the broker answers.
   */
  #revoked: 'out' | 'back' | undefined;
  #signAt = performance.now();
  /**
   * kafkajs cannot be stopped while it joins or waits to start again: it joins afterwards, and would hold partitions that
   * nobody reads. So it is told once more when it begins to fetch.
   */
  #hasLeft = false;

  constructor({ client, group, timings, listener, logger }: ConsumerOptions) {
    this.#listener = listener;
    this.#logger = logger;
    this.#group = group;
    this.#fetchEveryMs = timings.fetchEveryMs;
    this.#joinMs = timings.joinMs;
    // A crash may come before anybody waits for it.
    this.#joined.promise.catch(() => undefined);
    this.#consumer = client.consumer({
      groupId: group,
      partitionAssigners: [(config) => this.#announcing(stickyAssigner(config))],
      sessionTimeout: timings.sessionTimeoutMs,
      heartbeatInterval: timings.heartbeatMs,
      rebalanceTimeout: timings.rebalanceTimeoutMs,
      maxWaitTimeInMs: timings.maxWaitMs,
      metadataMaxAge: timings.metadataMaxAgeMs,
      maxBytesPerPartition: PARTITION_BYTES,
      maxBytes: FETCH_BYTES,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 1_000,
        retries: 30,
        restartOnFailure: async () => !this.#hasLeft,
      },
    });
    this.#listen();
  }

  /** Resolves once the group is joined. */
  async run(topics: readonly string[]): Promise<void> {
    await within(this.#joinMs, this.#start(topics), `group ${this.#group} was not joined`);
  }

  async #start(topics: readonly string[]): Promise<void> {
    await this.#consumer.connect();
    if (this.#hasLeft) return this.#disconnect(LEAVE_AGAIN_MS);
    await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      // Reading goes on from what was taken, never from what merely arrived.
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: BATCHES_AT_ONCE,
      eachBatch: async (payload) => {
        this.#take(payload);
        if (!this.#isFresh) return;
        this.#isFresh = false;
        // More lies there already than one fetch brings: nothing has to gather.
        if (payload.batch.offsetLag() !== '0') return;
        await delay(this.#fetchEveryMs);
      },
    });
    await this.#joined.promise;
  }

  #listen(): void {
    const { events } = this.#consumer;
    for (const event of [events.HEARTBEAT, events.FETCH, events.CONNECT] as const) {
      this.#consumer.on(event, () => this.#sign());
    }
    this.#consumer.on(events.FETCH, () => {
      this.#isFresh = true;
    });
    this.#consumer.on(events.FETCH_START, () => {
      if (this.#revoked === 'out') this.#revoked = 'back';
      if (this.#hasLeft) void this.#disconnect(LEAVE_AGAIN_MS);
    });
    this.#consumer.on(events.HEARTBEAT, () => this.#keep());
    this.#consumer.on(events.REBALANCING, () => this.#revoke());
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => this.#join(payload.memberAssignment));
    this.#consumer.on(events.CRASH, ({ payload }) => this.#crash(payload));
    this.#consumer.on(events.START_BATCH_PROCESS, ({ payload }) => {
      // Nothing but control records, which never come to `take`.
      if (payload.batchSize > 0) return;
      const { topic, partition, lastOffset, highWatermark } = payload;
      const next = Number(lastOffset) + 1;
      this.#listener.onFetch({ topic, partition, records: [], next, end: Number(highWatermark) });
    });
  }

  /** The assigner, which tells of every attempt to join: the one moment that no way into a rebalance goes around. */
  #announcing(assigner: StickyAssigner): ReturnType<PartitionAssigner> {
    this.#assigner = assigner;
    return {
      ...assigner,
      protocol: (subscription) => {
        this.#revoke();
        return assigner.protocol(subscription);
      },
    };
  }

  #sign(): void {
    this.#signAt = performance.now();
  }

  #revoke(): void {
    this.#sign();
    if (!this.#isMember) return;
    this.#revoked = 'out';
    this.#listener.onRevoke();
  }

  /** Where joining again fails, for instance at a coordinator that has just moved, kafkajs goes on as the member it was. */
  #keep(): void {
    if (this.#revoked !== 'back') return;
    this.#revoked = undefined;
    this.#listener.onAssign(this.#assigned);
  }

  #join(assignment: Assignment): void {
    this.#sign();
    if (this.#hasLeft) return;
    this.#assigner?.assigned(assignment);
    this.#isMember = true;
    this.#revoked = undefined;
    this.#assigned = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    this.#listener.onAssign(this.#assigned);
    this.#joined.resolve();
  }

  #crash({ error, restart }: ConsumerCrashEvent['payload']): void {
    this.#revoke();
    this.#commitOnce = undefined;
    this.#isMember = false;
    this.#revoked = undefined;
    if (restart) {
      this.#logger.warn({ error: error.name }, 'the consumer starts again');
      return;
    }
    const fault = new Fault('unavailable', 'the consumer has stopped for good', { cause: error });
    this.#joined.reject(fault);
    this.#listener.onFatal(fault);
  }

  #take({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload): void {
    if (this.#hasLeft) return;
    this.#commitOnce = commitOffsetsIfNecessary;
    const { topic, partition, messages } = batch;
    const last = messages.at(-1);
    if (last === undefined) return;
    const taken = this.#listener.onFetch({
      topic,
      partition,
      records: messages.map((message) => readRecord(topic, partition, message)),
      next: Number(batch.lastOffset()) + 1,
      end: Number(batch.highWatermark),
    });
    if (!taken) return;
    try {
      resolveOffset(last.offset);
    } catch (error) {
      // The partition went away while the batch was on its way: there is no place to go on from, and none is needed.
      this.#logger.debug({ topic, partition, code: Fault.from(error).code }, 'a partition is gone');
    }
  }

  async commit({ offsets }: Commit): Promise<void> {
    if (this.#commitOnce === undefined) {
      await this.#consumer.commitOffsets(offsets.map((entry) => ({ ...entry, offset: `${entry.offset}` })));
      return;
    }
    const topics = Map.groupBy(offsets, ({ topic }) => topic);
    await this.#commitOnce({
      topics: Array.from(topics, ([topic, entries]) => ({
        topic,
        partitions: entries.map(({ partition, offset }) => ({ partition, offset: `${offset}` })),
      })),
    });
  }

  flow({ pause, resume }: Parameters<GroupConsumer['flow']>[0]): void {
    if (!this.#isMember) return;
    if (pause.length > 0) this.#consumer.pause(pause.map(partitionsOf));
    if (resume.length > 0) this.#consumer.resume(resume.map(partitionsOf));
  }

  silentMs(): number {
    return performance.now() - this.#signAt;
  }

  async leave(timeoutMs: number): Promise<void> {
    this.#hasLeft = true;
    this.#isMember = false;
    this.#revoked = undefined;
    await this.#disconnect(timeoutMs);
  }

  async #disconnect(timeoutMs: number): Promise<void> {
    try {
      await within(timeoutMs, this.#consumer.disconnect(), `group ${this.#group} was not left`);
    } catch (error) {
      this.#logger.warn(
        { code: Fault.from(error).code },
        'the group was not left: the broker will notice by itself',
      );
    }
  }
}

const partitionsOf = ({ topic, partition }: TopicPartition) => ({ topic, partitions: [partition] });
