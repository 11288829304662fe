import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@spillway/contracts/fault';
import type { Logger } from '@spillway/telemetry/logger';
import type { Batch, Cluster } from 'kafkajs';
import type { BusRecord } from '../bus.js';
import { readRecord } from './record.js';

interface FetchedPartition {
  readonly partition: number;
  readonly messages: readonly unknown[];
}

interface FetchAnswer {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

/** Knows which fetched records count: not those of an aborted transaction, nor those below the offset asked for. */
const FetchedBatch = createRequire(import.meta.url)('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  partition: FetchedPartition,
) => Batch;

/** What a fetch waits for records, milliseconds; also what ending may take. */
const WAIT_MS = 500;
/** After so long a partition that was added is found. */
const METADATA_MS = 30_000;
/** Within this a broker that has just started knows what it leads. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
const PARTITION_BYTES = 256 * 1024;
/** Between two fetches that bring something, milliseconds: what comes within this time is fetched together. */
const FETCH_EVERY_MS = 5;

export interface TailReaderOptions {
  readonly cluster: Cluster;
  readonly topics: readonly string[];
  /** Where reading begins: at what is published from now on, or at the oldest record there is. */
  readonly from: 'beginning' | 'end';
  /** Is handed what one fetch brought of one partition. Reading goes on once that resolves. */
  readonly show: (records: readonly BusRecord[]) => void | Promise<void>;
  /** Told whenever reading has got on. */
  readonly onMove?: () => void;
  readonly logger: Logger;
}

/** Reads topics without a group. */
export class TailReader {
  readonly #cluster: Cluster;
  readonly #topics: readonly string[];
  readonly #from: 'beginning' | 'end';
  readonly #show: TailReaderOptions['show'];
  readonly #onMove: TailReaderOptions['onMove'];
  readonly #logger: Logger;
  /** By topic and partition: the offset to go on from. */
  readonly #positions = new Map<string, Map<number, string>>();
  /** By topic and partition: where it ended at the start. */
  readonly #ends = new Map<string, Map<number, string>>();
  readonly #stopping = new AbortController();
  #reading: Promise<void> | undefined;

  constructor({ cluster, topics, from, show, onMove, logger }: TailReaderOptions) {
    this.#cluster = cluster;
    this.#topics = topics;
    this.#from = from;
    this.#show = show;
    this.#onMove = onMove;
    this.#logger = logger;
  }

  /** Resolves once it is known where the topics end. Tries again for a while what may pass. */
  async start(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await this.#foundEnds(deadline))) await delay(FIRST_PAUSE_MS);
    this.#reading = this.#readUntilStopped();
  }

  /** Whether all was read that lay there at the start. */
  get isThrough(): boolean {
    return this.#topics.every((topic) =>
      [...(this.#ends.get(topic) ?? [])].every(
        ([partition, end]) => BigInt(this.#position(topic, partition)) >= BigInt(end),
      ),
    );
  }

  /** Whether the record lay there at the start. */
  isFromBefore({ topic, partition, offset }: BusRecord): boolean {
    return BigInt(offset) < BigInt(this.#ends.get(topic)?.get(partition) ?? 0);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reading;
  }

  /** Never rejects: what fails is tried again, from where it was. */
  async #readUntilStopped(): Promise<void> {
    const { signal } = this.#stopping;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        await this.#readForAWhile();
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        const { name } = error as Error;
        this.#logger.warn({ topics: this.#topics, error: name }, 'the log cannot be looked at for now');
        await delay(pause, undefined, { signal }).catch(() => undefined);
      }
    }
    await this.#cluster.disconnect();
  }

  /** Reads from all brokers at once, until it is time to ask again where the partitions are, or one of them fails. */
  async #readForAWhile(): Promise<void> {
    await this.#cluster.refreshMetadata();
    const failing = new AbortController();
    const until = AbortSignal.any([this.#stopping.signal, failing.signal, AbortSignal.timeout(METADATA_MS)]);
    const readers = Array.from(this.#byLeader(), async ([nodeId, topics]) => {
      try {
        while (!until.aborted) await this.#fetch(nodeId, topics);
      } catch (error) {
        failing.abort();
        throw error;
      }
    });
    // All have ended before the next round: none may show a record that another one shows.
    const failed = (await Promise.allSettled(readers)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #fetch(nodeId: string, topics: ReadonlyMap<string, readonly number[]>): Promise<void> {
    const broker = await this.#cluster.findBroker({ nodeId });
    const request = Array.from(topics, ([topic, partitions]) => ({
      topic,
      partitions: partitions.map((partition) => ({
        partition,
        fetchOffset: this.#position(topic, partition),
        maxBytes: PARTITION_BYTES,
      })),
    }));
    try {
      const answer: FetchAnswer = await broker.fetch({ maxWaitTime: WAIT_MS, topics: request });
      for (const { topicName, partitions } of answer.responses) {
        for (const partition of partitions) await this.#showAll(topicName, partition);
      }
      if (this.#from === 'end' && answer.responses.length > 0) await delay(FETCH_EVERY_MS);
    } catch (error) {
      if (!isOutOfRange(error)) throw error;
      await this.#moveIntoRange(error.topic, error.partition);
    }
  }

  async #showAll(topic: string, fetched: FetchedPartition): Promise<void> {
    if (fetched.messages.length === 0 || this.#stopping.signal.aborted) return;
    const { partition } = fetched;
    const batch = new FetchedBatch(topic, this.#position(topic, partition), fetched);
    await this.#show(batch.messages.map((message) => readRecord(topic, partition, message)));
    this.#moveTo(topic, partition, `${BigInt(batch.lastOffset()) + 1n}`);
    this.#onMove?.();
  }

  /** What is asked of which broker. A partition that was added since the start is read from its beginning. */
  #byLeader(): ReadonlyMap<string, ReadonlyMap<string, readonly number[]>> {
    const leaders = new Map<string, Map<string, readonly number[]>>();
    for (const topic of this.#topics) {
      const partitions = this.#partitionsOf(topic);
      for (const [nodeId, led] of Object.entries(this.#cluster.findLeaderForPartitions(topic, partitions))) {
        const topics = leaders.get(nodeId) ?? new Map<string, readonly number[]>();
        leaders.set(nodeId, topics.set(topic, led));
      }
    }
    return leaders;
  }

  async #foundEnds(deadline: number): Promise<boolean> {
    try {
      await this.#cluster.connect();
      await this.#cluster.addMultipleTargetTopics([...this.#topics]);
      await this.#cluster.refreshMetadata();
      for (const topic of this.#topics) {
        const ends = await this.#offsets(topic, false);
        this.#ends.set(topic, new Map(ends.map(({ partition, offset }) => [partition, offset])));
        const starts = this.#from === 'end' ? ends : await this.#offsets(topic, true);
        for (const { partition, offset } of starts) this.#moveTo(topic, partition, offset);
      }
      return true;
    } catch (error) {
      const fault = openingFault(error);
      if (fault.code === 'unavailable' && performance.now() < deadline) return false;
      await this.#cluster.disconnect();
      throw fault;
    }
  }

  /** Retention has overtaken the look, or the log was cut short. */
  async #moveIntoRange(topic: string, partition: number): Promise<void> {
    const position = BigInt(this.#position(topic, partition));
    const first = (await this.#offsets(topic, true)).find((found) => found.partition === partition);
    const end = (await this.#offsets(topic, false)).find((found) => found.partition === partition);
    const bound = position < BigInt(first?.offset ?? 0) ? first : end;
    if (bound !== undefined) this.#moveTo(topic, partition, bound.offset);
    this.#onMove?.();
  }

  async #offsets(topic: string, fromBeginning: boolean) {
    const partitions = this.#partitionsOf(topic).map((partition) => ({ partition }));
    const [found] = await this.#cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
    return found?.partitions ?? [];
  }

  #partitionsOf(topic: string): number[] {
    return this.#cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
  }

  #position(topic: string, partition: number): string {
    return this.#positions.get(topic)?.get(partition) ?? '0';
  }

  #moveTo(topic: string, partition: number, offset: string): void {
    const positions = this.#positions.get(topic) ?? new Map<number, string>();
    this.#positions.set(topic, positions.set(partition, offset));
  }
}

const isOutOfRange = (error: unknown): error is { readonly topic: string; readonly partition: number } =>
  (error as Error).name === 'KafkaJSOffsetOutOfRange';

function openingFault(error: unknown): Fault {
  const isMissing = (error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION';
  return isMissing
    ? new Fault('misconfigured', 'a topic to look at does not exist', { cause: error })
    : new Fault('unavailable', 'the brokers cannot be reached', { cause: error });
}
