import { Kafka, logLevel } from 'kafkajs';

/** kafkajs with its own defaults, silent: a contender that crashes over and over would drown the figures. */
export const kafkaClient = (broker: string): Kafka =>
  new Kafka({ clientId: 'bench', brokers: [broker], logLevel: logLevel.NOTHING });
