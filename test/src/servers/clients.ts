import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';

/** The least that shows that a server works: one value written, acknowledged, and read back. */
export interface Client {
  write(address: string, value: string): Promise<void>;
  read(address: string): Promise<string | undefined>;
}

const topic = 'kept';
const connect = (address: string) =>
  new Kafka({ clientId: 'servers', brokers: [address], logLevel: logLevel.NOTHING });

export const kafkaClient: Client = {
  async write(address, value) {
    const admin = connect(address).admin();
    const producer = connect(address).producer();
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
    await producer.send({ topic, acks: -1, messages: [{ value }] });
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  },
  async read(address) {
    const admin = connect(address).admin();
    const consumer = connect(address).consumer({ groupId: 'readers' });
    await Promise.all([admin.connect(), consumer.connect()]);
    const { promise: value, resolve } = Promise.withResolvers<string | undefined>();
    if ((await admin.listTopics()).includes(topic)) {
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ message }) => resolve(message.value?.toString()),
      });
    } else {
      resolve(undefined);
    }
    await value;
    await Promise.all([admin.disconnect(), consumer.disconnect()]);
    return value;
  },
};

export const redisClient: Client = {
  write: (address, value) => onRedis(address, async (redis) => void (await redis.set('kept', value))),
  read: (address) => onRedis(address, async (redis) => (await redis.get('kept')) ?? undefined),
};

async function onRedis<T>(address: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(address);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

export const postgresClient: Client = {
  write: (address, value) =>
    onPostgres(address, async (postgres) => {
      await postgres.query('create table kept (value text)');
      await postgres.query('insert into kept values ($1)', [value]);
    }),
  read: (address) =>
    onPostgres(address, async (postgres) => (await postgres.query('select value from kept')).rows[0]?.value),
};

async function onPostgres<T>(address: string, use: (postgres: pg.Client) => Promise<T>): Promise<T> {
  const postgres = new pg.Client(address);
  await postgres.connect();
  try {
    return await use(postgres);
  } finally {
    await postgres.end();
  }
}
