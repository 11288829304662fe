import { Kafka, logLevel } from 'kafkajs';
import { calmRequestQueues } from '../../libs/bus/src/kafka/request-queue.js';

// Its timers that never stop would cost the run a share of the machine.
calmRequestQueues();

/** kafkajs as it comes, so that what is checked is not read by what is to be checked. Silent: brokers go away on purpose. */
export const kafkaClient = (broker: string, clientId: string): Kafka =>
  new Kafka({ clientId, brokers: [broker], logLevel: logLevel.NOTHING });
