import { configureLogs, createLogger } from '@spillway/telemetry/logger';
import { afterAll, inject } from 'vitest';
import { kafkaClient } from './kafka/client.js';
import { openKafkaBus } from './kafka.js';
import { busContract } from './testing/bus.contract.js';
import { makeTopics } from './testing/kafka-stage.js';

configureLogs({ level: 'silent' });

const brokers = [inject('kafkaBrokers')];
const admin = kafkaClient({ brokers, clientId: 'spec', logger: createLogger('spec') }).admin();
const connected = admin.connect();
afterAll(() => admin.disconnect());

busContract(
  'kafka',
  async (_, topics) => {
    await connected;
    await makeTopics(admin, topics, 4);
    return openKafkaBus({ brokers });
  },
  { members: 'many' },
);
