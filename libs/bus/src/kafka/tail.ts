import { Fault } from '@spillway/contracts/fault';
import type { Logger } from '@spillway/telemetry/logger';
import type { Cluster, Kafka } from 'kafkajs';
import type { BusRecord } from '../bus.js';
import { TailReader } from './tail-reader.js';

/**
 * Shows every record of these topics that is published from now on, in the order of its partition. There is no consumer
 * group in it: it starts at once, nobody rebalances because of it, and it leaves nothing behind on the brokers. It goes
 * on after an outage where it was, and meets again nothing that it has shown. What `look` throws is reported and passed
 * over. Returns the function that ends it. Throws `misconfigured` when a topic is missing, `unavailable` when no broker
 * answers.
 */
export async function openTail(
  client: Kafka,
  topics: readonly string[],
  look: (record: BusRecord) => void,
  logger: Logger,
): Promise<() => Promise<void>> {
  let ended = false;
  const reader = new TailReader({
    cluster: clusterOf(client),
    topics,
    from: 'end',
    show(records) {
      for (const record of records) if (!ended) show(record);
    },
    logger,
  });
  const show = shielded(look, logger);
  await reader.start();
  return () => {
    ended = true;
    return reader.stop();
  };
}

/**
 * kafkajs fetches for consumers only, which are members of a group once they run. This one never does: of all that it
 * has, only its connections are used.
 */
export function clusterOf(client: Kafka): Cluster {
  let cluster: Cluster | undefined;
  client.consumer({
    groupId: 'none',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (config) => {
        cluster = config.cluster;
        return {
          name: 'none',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  if (cluster === undefined)
    throw new Fault('misconfigured', 'this kafkajs does not hand out its connections');
  return cluster;
}

const shielded =
  (look: (record: BusRecord) => void, logger: Logger) =>
  (record: BusRecord): void => {
    try {
      look(record);
    } catch (error) {
      logger.error({ topic: record.topic, code: Fault.from(error).code }, 'a look at the log failed');
    }
  };
