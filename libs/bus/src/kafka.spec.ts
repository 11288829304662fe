import { configureLogs, createLogger } from '@spillway/telemetry/logger';
import { inject } from 'vitest';
import { kafkaClient } from './kafka/client.js';
import { openKafkaBus } from './kafka.js';
import { busContract } from './testing/bus.contract.js';
import { makeTopics } from './testing/kafka-stage.js';

configureLogs({ level: 'silent' });

const brokers = [inject('kafkaBrokers')];
const client = kafkaClient({ brokers, clientId: 'spec', logger: createLogger('spec') });

busContract(
  'kafka',
  async (_, topics) => {
    await makeTopics(client, topics, 4);
    return openKafkaBus({ brokers });
  },
  { members: 'many' },
);
