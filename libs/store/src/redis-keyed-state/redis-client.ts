import { Cluster, Command, Redis, type RedisOptions } from 'ioredis';
import { misconfigured, redisFault } from './redis-fault.js';
import type { Script } from './scripts.js';

type Word = string | number | Buffer;

/** Where the driver says what an operator should know. A pino logger fits. */
export interface RedisLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** One server or one cluster. Rejects with the client's errors, of which `redisFault` makes faults. */
export interface RedisClient {
  get(key: string): Promise<Buffer | null>;
  /** Runs a script in one round trip; in two where the server does not know it yet. Bytes come back as Buffers. */
  run(script: Script, keys: readonly string[], values: readonly Word[]): Promise<unknown>;
  /** Whether one command may name keys of one slot only. */
  readonly clustered: boolean;
  /** The servers that take writes. */
  masters(): readonly Redis[];
  disconnect(): void;
}

/** Milliseconds after which a call fails, whatever the server and the network are doing. */
const PATIENCE_MS = 5_000;

const options = {
  connectionName: 'spillway',
  // Calls of one turn of the event loop, and those made while an answer is awaited, share one round trip.
  enableAutoPipelining: true,
  connectTimeout: PATIENCE_MS,
  commandTimeout: PATIENCE_MS,
  socketTimeout: PATIENCE_MS,
  maxLoadingRetryTime: 500,
  // A call whose answer was lost is not sent again here: it may have been done, and a conditional write would then
  // meet its own version. It fails, and whoever made it reads before trying again.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  retryStrategy: (times: number) => Math.min(1_000, 25 * 2 ** Math.min(times, 6)) * (0.5 + Math.random() / 2),
  // What was a master is a replica now: its address leads to the new master, once it is looked up again.
  reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
  lazyConnect: true,
} satisfies RedisOptions;

/**
 * Connects to the server at the address, or to the whole cluster where the server belongs to one. Rejects with what is
 * in the way: the first failure, since at the start somebody is there to be told.
 */
export async function connectRedis(url: string, logger: RedisLogger | undefined): Promise<RedisClient> {
  const address = addressOf(url);
  const single = await connected(new Redis({ ...options, ...address }));
  if (!(await isClustered(single))) return clientOf(single, watched(single, logger));
  single.disconnect();
  const cluster = await connected(clusterAt(address));
  return clientOf(cluster, watched(cluster, logger));
}

function clusterAt({ host, port, ...credentials }: Address): Cluster {
  const { retryStrategy, lazyConnect, ...redisOptions } = options;
  return new Cluster([{ host, port }], {
    lazyConnect,
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: retryStrategy,
    // As above: no call is sent twice because a connection was lost.
    retryDelayOnFailover: 0,
    slotsRefreshTimeout: PATIENCE_MS,
    // Names stay names until a connection is made: certificates are made out to them.
    dnsLookup: (name, found) => found(null, name),
    redisOptions: { ...redisOptions, ...credentials },
  });
}

type Address = Required<Pick<RedisOptions, 'host' | 'port'>> &
  Pick<RedisOptions, 'username' | 'password' | 'db' | 'tls'>;

function addressOf(url: string): Address {
  const parsed = URL.parse(url);
  const [, database] = /^\/?(\d*)$/.exec(parsed?.pathname ?? '') ?? [];
  const username = decoded(parsed?.username);
  const password = decoded(parsed?.password);
  if (
    parsed === null ||
    !/^rediss?:$/.test(parsed.protocol) ||
    parsed.hostname === '' ||
    database === undefined ||
    username === undefined ||
    password === undefined
  ) {
    // The address may hold a password, so it is not shown.
    throw misconfigured(
      'the address of Redis is not like redis://user:password@host:6379/0, or rediss:// for TLS',
    );
  }
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port || 6379),
    db: Number(database),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function decoded(text = ''): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

async function connected<Client extends Redis | Cluster>(client: Client): Promise<Client> {
  let reason: unknown;
  const remember = (error: unknown): void => {
    reason = error;
  };
  const late = setTimeout(() => {
    reason ??= new Error('it was not ready in time');
    client.disconnect();
  }, 2 * PATIENCE_MS);
  // It stays: the client prints errors that nobody listens to.
  client.on('error', remember);
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.disconnect();
    throw innermost(reason ?? error);
  } finally {
    clearTimeout(late);
  }
}

/** A cluster's own error says only that all nodes failed; the reason is behind it. */
const innermost = (error: unknown): unknown => (error as { lastNodeError?: unknown }).lastNodeError ?? error;

async function isClustered(server: Redis): Promise<boolean> {
  try {
    return (await server.cluster('INFO')) !== '';
  } catch (error) {
    // A server alone refuses the command, and so does one that does not let this user ask.
    if (error instanceof Error && error.name === 'ReplyError') return false;
    server.disconnect();
    throw error;
  }
}

interface Watch {
  /** Why the server is lost. */
  reason(): unknown;
  /** From now on its loss is meant. */
  end(): void;
}

/** Tells once that the server is lost, and once that it is back. */
function watched(client: Redis | Cluster, logger: RedisLogger | undefined): Watch {
  let reason: unknown;
  let lost = false;
  let ended = false;
  client.on('error', (error: unknown) => {
    reason = innermost(error);
  });
  client.on('close', () => {
    if (lost || ended) return;
    lost = true;
    logger?.warn({ reason: reason && redisFault(reason).message }, 'Redis is lost; trying to reach it again');
  });
  client.on('ready', () => {
    if (lost) logger?.info({}, 'Redis is back');
    lost = false;
    reason = undefined;
  });
  return {
    reason: () => reason,
    end() {
      ended = true;
    },
  };
}

type CommandName = 'eval' | 'evalsha' | 'get';

function clientOf(client: Redis | Cluster, watch: Watch): RedisClient {
  // The client has them all; its types leave out two.
  const commands = client as unknown as Record<
    `${CommandName}Buffer`,
    (...words: Word[]) => Promise<unknown>
  >;

  async function call(name: CommandName, words: readonly Word[]): Promise<unknown> {
    try {
      return await commands[`${name}Buffer`](...words);
    } catch (error) {
      // A slot has moved, and the command was not done. Commands that travel together are not led after it, one is.
      if (client instanceof Cluster && /^(MOVED|ASK|TRYAGAIN) /.test(messageOf(error))) {
        return await client.sendCommand(new Command(name, [...words], { replyEncoding: null }));
      }
      // The client says only that it gave up; what it met on the way to the server says more.
      if (!(error instanceof Error && error.name === 'MaxRetriesPerRequestError')) throw error;
      throw watch.reason() ?? new Error('the connection was lost');
    }
  }

  return {
    get: async (key) => (await call('get', [key])) as Buffer | null,
    async run({ lua, sha }, keys, values) {
      const words = [keys.length, ...keys, ...values];
      try {
        return await call('evalsha', [sha, ...words]);
      } catch (error) {
        if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
      }
      return call('eval', [lua, ...words]);
    },
    clustered: client instanceof Cluster,
    masters: () => (client instanceof Cluster ? client.nodes('master') : [client]),
    disconnect() {
      watch.end();
      client.disconnect();
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');
