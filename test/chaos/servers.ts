import { setTimeout as delay } from 'node:timers/promises';
import { startKafka } from '../servers/kafka.js';
import { startPostgres } from '../servers/postgres.js';
import { startRedis } from '../servers/redis.js';
import type { TestServer } from '../servers/test-server.js';
import type { Outage } from './calls.js';
import type { ServerName } from './schedule.js';

export interface ServerOutage extends Outage {
  readonly server: ServerName;
}

/** The three servers of a run, none of them shared with anybody. */
export interface Servers {
  readonly origins: readonly string[];
  readonly addresses: Readonly<Record<ServerName, string>>;
  readonly outages: readonly ServerOutage[];
  /** Milliseconds since the epoch since when none of them was killed; now, while one is down. */
  upSince(): number;
  /** kill -9, and a start on the same data after so many milliseconds; resolves once it answers again. */
  killFor(server: ServerName, downMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts them side by side. Redis writes every command to disk before it answers: less would lose some at a kill. */
export async function startServers(): Promise<Servers> {
  const starting = {
    kafka: startKafka(),
    redis: startRedis({ appendfsync: 'always' }),
    postgres: startPostgres(),
  };
  const outcomes = await Promise.allSettled(Object.values(starting));
  const stop = async (): Promise<void> => {
    const started = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    await Promise.all(started.map((server) => server.stop()));
  };
  const failure = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }
  const servers: Record<ServerName, TestServer> = {
    kafka: await starting.kafka,
    redis: await starting.redis,
    postgres: await starting.postgres,
  };
  const outages: ServerOutage[] = [];
  let down = 0;
  return {
    origins: Object.values(servers).map(({ origin }) => origin),
    addresses: {
      kafka: servers.kafka.address,
      redis: servers.redis.address,
      postgres: servers.postgres.address,
    },
    outages,
    upSince: () => (down > 0 ? Date.now() : Math.max(0, ...outages.map(({ to }) => to))),
    async killFor(name, downMs) {
      const from = Date.now();
      down += 1;
      await servers[name].kill();
      await delay(downMs);
      await servers[name].start();
      outages.push({ server: name, from, to: Date.now() });
      down -= 1;
    },
    stop,
  };
}
