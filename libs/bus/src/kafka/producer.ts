import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import { deadTopics } from '@spillway/contracts/topology';
import type { Kafka, Producer as KafkaProducer, Message } from 'kafkajs';
import { keyPartitioner } from './key-partitioner.js';
import { type ProduceFailure, produceFailure } from './produce-failure.js';
import { recordBytes, writeRecord } from './record.js';

export interface Producer {
  /**
   * Resolves once all events are on every replica that is in sync. Events of one key keep the order in which they were
   * sent, also when they had to be sent again; they may then stand on the log twice, under one id. Throws
   *
   * - `too_large`, before any of them is sent, when one is larger than a topic takes,
   * - `misconfigured` for a topic that does not exist,
   * - `unavailable` when the brokers took nothing for too long, or too much waits already: some of the events may be on
   *   the log all the same,
   * - `cancelled` once it is closed.
   */
  send(events: readonly Outgoing[]): Promise<void>;
  /** Sends what waits, then disconnects. What the brokers do not take within `closeMs` fails with `unavailable`. */
  close(): Promise<void>;
}

export interface ProducerOptions {
  /** Milliseconds in which events gather that are sent together. */
  readonly lingerMs: number;
  /** Bytes that are sent together. A topic takes no more at once than `recordBytes`. */
  readonly batchBytes: number;
  /** The largest event. Brokers take 1 MiB unless they are told otherwise. */
  readonly recordBytes: number;
  /** The largest dead letter, which holds an event and more. */
  readonly deadBytes: number;
  /** Bytes that may wait to be sent. */
  readonly waitingBytes: number;
  /** Milliseconds in which the brokers must take what is sent. */
  readonly patienceMs: number;
  /** Milliseconds in which they must take it once this is closed. */
  readonly closeMs: number;
}

const defaultProducerOptions: ProducerOptions = {
  lingerMs: 0,
  batchBytes: 512 * 1024,
  recordBytes: 1_000_000,
  deadBytes: 2_000_000,
  waitingBytes: 32 * 2 ** 20,
  patienceMs: 30_000,
  closeMs: 1_000,
};

const dead: ReadonlySet<string> = new Set(deadTopics);
/** Events that are sent together: the cost of grouping them by partition grows with the square. */
const BATCH_EVENTS = 500;
/** A topic that was made a moment ago is known everywhere by then, milliseconds. */
const UNKNOWN_TOPIC_MS = 1_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** What a broker waits for its replicas, milliseconds. Less than the client waits for the broker. */
const ACKNOWLEDGE_MS = 8_000;
const METADATA_MS = 60_000;

/**
 * Connects, and sends whatever was handed over since the last request as one request: there is one at a time, which is
 * what keeps the order, and what makes it cheap.
 *
 * It is not what Kafka calls idempotent. kafkajs gives a batch that it gave up the sequence number of the next one, which
 * the broker then takes for a repetition and drops: that loses events, where sending twice only repeats an id, which
 * every reader must bear anyway. Throws `unavailable` when no broker answers.
 */
export async function openProducer(client: Kafka, options?: Partial<ProducerOptions>): Promise<Producer> {
  const producer = new QueueingProducer(client, { ...defaultProducerOptions, ...options });
  try {
    await producer.connect();
  } catch (error) {
    throw produceFailure(error).fault;
  }
  return producer;
}

interface Entry {
  readonly topic: string;
  readonly message: Message;
  readonly bytes: number;
  readonly delivery: Delivery;
}

/** What one caller waits for. */
class Delivery {
  readonly #outcome = Promise.withResolvers<void>();
  #left: number;

  constructor(events: number) {
    this.#left = events;
  }

  get outcome(): Promise<void> {
    return this.#outcome.promise;
  }

  sent(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#outcome.resolve();
  }

  failed(fault: Fault): void {
    this.#outcome.reject(fault);
  }
}

class QueueingProducer implements Producer {
  readonly #client: Kafka;
  readonly #options: ProducerOptions;
  #connection: Promise<KafkaProducer> | undefined;
  #attempt: Promise<void> = Promise.resolve();
  #waiting: Entry[] = [];
  #waitingBytes = 0;
  #sending: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Once it is aborted nothing is tried any more. */
  readonly #over = new AbortController();

  constructor(client: Kafka, options: ProducerOptions) {
    this.#client = client;
    this.#options = options;
  }

  connect(): Promise<KafkaProducer> {
    this.#connection ??= this.#connect();
    return this.#connection;
  }

  async send(events: readonly Outgoing[]): Promise<void> {
    if (this.#closing !== undefined) throw new Fault('cancelled', 'the producer is closed');
    if (events.length === 0) return;
    const delivery = new Delivery(events.length);
    const entries = events.map((event) => this.#entry(event, delivery));
    const bytes = bytesOf(entries);
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.#options.waitingBytes) {
      throw new Fault(
        'unavailable',
        `${this.#waitingBytes} bytes wait for the brokers: nothing more is taken`,
      );
    }
    for (const entry of entries) this.#waiting.push(entry);
    this.#waitingBytes += bytes;
    this.#sending ??= this.#sendWaiting();
    await delivery.outcome;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const timer = setTimeout(() => this.#over.abort(), this.#options.closeMs);
    await this.#sending;
    clearTimeout(timer);
    // A connection that is still being made, or has an attempt under way, is left to whoever closes those of the client.
    if (!this.#over.signal.aborted) await (await this.#connection)?.disconnect();
  }

  async #connect(): Promise<KafkaProducer> {
    const producer = this.#client.producer({
      createPartitioner: keyPartitioner,
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MS,
      // One try at a time: a second one of kafkajs's own leaves out what a broker that answered the first has since
      // taken over from another.
      retry: { retries: 0 },
    });
    try {
      await producer.connect();
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
    return producer;
  }

  #entry(event: Outgoing, delivery: Delivery): Entry {
    const message = writeRecord(event);
    const bytes = recordBytes(message);
    const limit = dead.has(event.topic) ? this.#options.deadBytes : this.#options.recordBytes;
    if (bytes > limit) {
      throw new Fault('too_large', `event ${event.id} has ${bytes} bytes, and ${limit} are taken`);
    }
    return { topic: event.topic, message, bytes, delivery };
  }

  /** Never rejects: whoever waits for an event is told. */
  async #sendWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      await (this.#options.lingerMs > 0 ? delay(this.#options.lingerMs) : turn());
      await this.#deliver(this.#take());
    }
    this.#sending = undefined;
  }

  #take(): readonly Entry[] {
    const { batchBytes } = this.#options;
    let count = 0;
    let bytes = 0;
    for (const entry of this.#waiting) {
      if (count === BATCH_EVENTS || (count > 0 && bytes + entry.bytes > batchBytes)) break;
      count += 1;
      bytes += entry.bytes;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #deliver(entries: readonly Entry[]): Promise<void> {
    const failure = await this.#trySending(entries);
    if (failure === undefined) {
      for (const { delivery } of entries) delivery.sent();
      return;
    }
    if (failure.kind === 'outage') {
      this.#abandonConnection();
      // What was sent later may not overtake what its sender will send again.
      const later = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      for (const { delivery } of [...entries, ...later]) delivery.failed(failure.fault);
      return;
    }
    const parts = failure.kind === 'topic' ? byTopic(entries) : halves(entries);
    if (parts.length > 1) {
      for (const part of parts) await this.#deliver(part);
    } else {
      for (const { delivery } of entries) delivery.failed(failure.fault);
    }
  }

  /** Until it is sent, cannot be sent in this way, or too much time has passed. */
  async #trySending(entries: readonly Entry[]): Promise<ProduceFailure | undefined> {
    const start = performance.now();
    const { patienceMs } = this.#options;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const failure = await this.#try(entries, start + patienceMs - performance.now());
      if (failure === undefined || failure.kind === 'content') return failure;
      // Until it is opened anew, a connection that knew a topic which is gone finds no other topic either.
      if (failure.kind === 'topic') this.#abandonConnection();
      if (failure.kind === 'topic' && byTopic(entries).length > 1) return failure;
      const patience = failure.kind === 'topic' ? UNKNOWN_TOPIC_MS : patienceMs;
      if (performance.now() + pause - start >= patience) return failure;
      await delay(pause, undefined, { signal: this.#over.signal }).catch(() => undefined);
      if (this.#over.signal.aborted) return failure;
    }
  }

  async #try(entries: readonly Entry[], withinMs: number): Promise<ProduceFailure | undefined> {
    this.#attempt = this.#produce(entries);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`there was no answer in ${withinMs} ms`)), withinMs);
    const giveUp = (): void => reject(new Error('there was no answer until the producer was closed'));
    this.#over.signal.addEventListener('abort', giveUp, { once: true });
    try {
      await Promise.race([this.#attempt, late]);
      return undefined;
    } catch (error) {
      return produceFailure(error);
    } finally {
      clearTimeout(timer);
      this.#over.signal.removeEventListener('abort', giveUp);
    }
  }

  async #produce(entries: readonly Entry[]): Promise<void> {
    const producer = await this.connect();
    const topics = Map.groupBy(entries, ({ topic }) => topic);
    await producer.sendBatch({
      acks: -1,
      timeout: ACKNOWLEDGE_MS,
      topicMessages: Array.from(topics, ([topic, group]) => ({
        topic,
        messages: group.map(({ message }) => message),
      })),
    });
  }

  /** The next attempt opens another one. This one is closed once the attempt that is still under way on it has ended. */
  #abandonConnection(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    const disconnect = async (): Promise<void> => (await connection)?.disconnect();
    this.#attempt.then(disconnect, disconnect).catch((error: unknown) => {
      this.#client.logger().debug(`an abandoned connection was not closed: ${Fault.from(error).code}`);
    });
  }
}

const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, { bytes }) => sum + bytes, 0);

const byTopic = (entries: readonly Entry[]): readonly (readonly Entry[])[] => [
  ...Map.groupBy(entries, ({ topic }) => topic).values(),
];

function halves(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const middle = Math.ceil(entries.length / 2);
  return [entries.slice(0, middle), entries.slice(middle)].filter((half) => half.length > 0);
}
