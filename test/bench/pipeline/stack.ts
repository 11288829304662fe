import { prepareTopics } from '@spillway/bus/kafka-topics';
import { startKafka } from '../../servers/kafka.js';
import { startPostgres } from '../../servers/postgres.js';
import { startRedis } from '../../servers/redis.js';
import type { TestServer } from '../../servers/test-server.js';
import { awaitLeaders } from '../kafka/broker.js';

/** Kafka with every topic of the contracts, Redis and PostgreSQL, for one benchmark. */
export interface Stack {
  readonly servers: { readonly kafka: TestServer; readonly redis: TestServer; readonly postgres: TestServer };
  /** Names them for `spillway start`. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startStack(): Promise<Stack> {
  const [kafka, redis, postgres] = await Promise.all([startKafka(), startRedis(), startPostgres()]);
  const servers = { kafka, redis, postgres };
  await prepareTopics({ brokers: [kafka.address], settings: {}, create: true });
  await awaitLeaders(kafka.address);
  return {
    servers,
    environment: {
      KAFKA_BROKERS: kafka.address,
      REDIS_URL: redis.address,
      DATABASE_URL: postgres.address,
    },
    stop: async () => void (await Promise.all(Object.values(servers).map((server) => server.stop()))),
  };
}
