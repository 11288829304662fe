import { Fault } from '@spillway/contracts/fault';
import { createLogger } from '@spillway/telemetry/logger';
import { closeConnections, kafkaClient } from './kafka/client.js';
import { checkTopics, createTopics, planTopics, type TopicSettings } from './kafka/topics.js';

export interface PrepareTopicsOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  readonly settings: Partial<TopicSettings>;
  /** Whether topics that are missing are made. */
  readonly create: boolean;
}

/**
 * Makes sure that every topic of the contracts is there and holds records as long as it must. Throws `misconfigured`
 * with everything that is not so, `unavailable` when no broker answers.
 */
export async function prepareTopics({ brokers, settings, create }: PrepareTopicsOptions): Promise<void> {
  const client = kafkaClient({ brokers, clientId: 'spillway-topics', logger: createLogger('topics') });
  const admin = client.admin();
  const plan = planTopics(settings);
  try {
    await admin.connect().catch((cause: unknown) => {
      throw new Fault('unavailable', `no broker answers at ${brokers.join(',')}`, { cause });
    });
    if (create) await createTopics(admin, plan);
    await checkTopics(admin, plan);
  } finally {
    await admin.disconnect();
    closeConnections(client);
  }
}
