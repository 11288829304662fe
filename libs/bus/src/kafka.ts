import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import { createLogger, type Logger } from '@spillway/telemetry/logger';
import type { Kafka } from 'kafkajs';
import type { Bus, BusRecord, SubscribeOptions, Subscription } from './bus.js';
import { closeConnections, kafkaClient } from './kafka/client.js';
import { type ConsumerTimings, defaultTimings, openConsumer } from './kafka/consumer.js';
import { openProducer, type Producer } from './kafka/producer.js';
import { scanTopics } from './kafka/scan.js';
import { defaultSettings, openSubscription, type SubscriptionSettings } from './kafka/subscription.js';
import { openTail } from './kafka/tail.js';

export interface KafkaBusOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  /** Names the process in the broker's logs and quotas. Default `spillway`. */
  readonly clientId?: string;
  readonly timings?: Partial<ConsumerTimings>;
  readonly subscription?: Partial<SubscriptionSettings>;
  /** Told when a subscription has died of something that only a new process can mend. */
  readonly onFatal?: (fault: Fault) => void;
  readonly logger?: Logger;
}

/**
 * Opens the bus on Kafka. Topics must exist. Delivery is at least once: after a crash what was not committed comes
 * again, and outputs that were published by then are published again, under the same ids. Throws `unavailable` when no
 * broker answers.
 */
export async function openKafkaBus(options: KafkaBusOptions): Promise<Bus> {
  const logger = options.logger ?? createLogger('bus');
  const client = kafkaClient({ brokers: options.brokers, clientId: options.clientId ?? 'spillway', logger });
  return new KafkaBus(options, client, await openProducer(client), logger);
}

class KafkaBus implements Bus {
  readonly driver = 'kafka';
  readonly #options: KafkaBusOptions;
  readonly #client: Kafka;
  readonly #producer: Producer;
  readonly #logger: Logger;
  readonly #subscriptions = new Set<Subscription>();
  readonly #tails = new Set<() => Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(options: KafkaBusOptions, client: Kafka, producer: Producer, logger: Logger) {
    this.#options = options;
    this.#client = client;
    this.#producer = producer;
    this.#logger = logger;
  }

  async publish(events: readonly Outgoing[]): Promise<void> {
    this.#refuseWhenClosing();
    await this.#producer.send(events);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#refuseWhenClosing();
    const { timings, subscription: settings, onFatal } = this.#options;
    const { gatherMs } = options;
    const logger = this.#logger;
    const subscription = await openSubscription({
      options,
      settings: { ...defaultSettings, ...settings },
      join: (listener) =>
        openConsumer({
          client: this.#client,
          group: options.group,
          topics: options.topics,
          timings: {
            ...defaultTimings,
            ...timings,
            ...(gatherMs === undefined ? {} : { fetchEveryMs: gatherMs }),
          },
          logger,
          listener,
        }),
      publish: (events) => this.#producer.send(events),
      onFatal: (fault) => onFatal?.(fault),
      logger,
    });
    this.#subscriptions.add(subscription);
    if (this.#closing !== undefined) await subscription.drain(0);
    this.#refuseWhenClosing();
    return {
      health: () => subscription.health(),
      drain: async (timeoutMs) => {
        await subscription.drain(timeoutMs);
        this.#subscriptions.delete(subscription);
      },
    };
  }

  async tail(topics: readonly string[], look: (record: BusRecord) => void): Promise<() => Promise<void>> {
    this.#refuseWhenClosing();
    const end = await openTail(this.#client, topics, look, this.#logger);
    this.#tails.add(end);
    if (this.#closing !== undefined) await end();
    this.#refuseWhenClosing();
    return async () => {
      this.#tails.delete(end);
      await end();
    };
  }

  async scan(
    topics: readonly string[],
    look: (records: readonly BusRecord[]) => Promise<boolean>,
  ): Promise<void> {
    this.#refuseWhenClosing();
    await scanTopics(this.#client, topics, look, this.#logger);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([
      ...Array.from(this.#subscriptions, (subscription) => subscription.drain(0)),
      ...Array.from(this.#tails, (end) => end()),
    ]);
    // Last: what was in flight until now may have had outputs.
    await this.#producer.close();
    closeConnections(this.#client);
  }

  #refuseWhenClosing(): void {
    if (this.#closing !== undefined) throw new Fault('cancelled', 'the bus is closed');
  }
}
