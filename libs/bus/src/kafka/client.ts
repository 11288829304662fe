import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Logger } from '@spillway/telemetry/logger';
import { type ISocketFactory, Kafka, type LogEntry, logLevel } from 'kafkajs';
import { mendConnections } from './connection.js';
import { mendCoordinatorSearch } from './coordinator.js';
import { decodeFetchResponses } from './fetch-responses.js';
import { keepFetchSessions } from './fetch-sessions.js';
import { encodeProduceRequests } from './produce-requests.js';
import { repeatFetches } from './repeated-fetch.js';
import { calmRequestQueues } from './request-queue.js';

export interface ClientOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  /** Names the process in the broker's logs and quotas. */
  readonly clientId: string;
  readonly logger: Logger;
}

/** What an answer may take before the request counts as failed, milliseconds. */
const REQUEST_MS = 10_000;
const CONNECT_MS = 3_000;
const KEEP_ALIVE_MS = 60_000;

/** Connections of each client that are open. */
const opened = new WeakMap<Kafka, Set<Socket>>();

/**
 * A client of the brokers; connects to nothing yet. It tries again within 100 ms of a failure and never waits longer
 * than a second, for about half a minute, so that a restarted broker is found at once.
 */
export function kafkaClient({ brokers, clientId, logger }: ClientOptions): Kafka {
  const fixes = [
    calmRequestQueues(),
    mendConnections(),
    mendCoordinatorSearch(),
    keepFetchSessions(),
    repeatFetches(),
    encodeProduceRequests(),
    decodeFetchResponses(),
  ];
  if (fixes.includes(false)) logger.warn('this kafkajs is unknown: its faults of old are not mended');
  const sockets = new Set<Socket>();
  const client = new Kafka({
    brokers: [...brokers],
    clientId,
    socketFactory: remembering(sockets),
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 },
    logLevel: logger.isLevelEnabled('debug') ? logLevel.INFO : logLevel.WARN,
    logCreator: () => (entry) => write(logger, entry),
  });
  opened.set(client, sockets);
  return client;
}

/**
 * Closes what is left of a client whose producers, consumers and admins have disconnected. While a broker is away kafkajs
 * opens connections that it forgets; each would keep the process alive until the broker closes it, ten minutes later.
 */
export function closeConnections(client: Kafka): void {
  // With an error, since only then does kafkajs end the timer that it has for the connection.
  for (const socket of opened.get(client) ?? []) socket.destroy(new Error('the client is closed'));
}

/** Opens connections as kafkajs would. */
function remembering(sockets: Set<Socket>): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const server = isIP(host) === 0 ? { servername: host } : {};
    const socket = ssl
      ? connectTls({ host, port, ...server, ...ssl }, onConnect)
      : connect({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
}

/** What may be said besides the message: names and numbers of Kafka's own. Never a payload, a key or a stack. */
const facts = [
  'broker',
  'groupId',
  'memberId',
  'topic',
  'partition',
  'offset',
  'retryCount',
  'retryTime',
] as const;

/** Longer texts carry more than kafkajs has to say. */
const MESSAGE_LENGTH = 300;

function write(logger: Logger, { namespace, level, log }: LogEntry): void {
  const said = Object.fromEntries(facts.flatMap((fact) => (fact in log ? [[fact, log[fact]]] : [])));
  const line = `kafkajs: ${log.message.slice(0, MESSAGE_LENGTH)}`;
  logger[severityOf(namespace, level)]({ ...said, part: namespace }, line);
}

/**
 * What kafkajs calls an error it tries again by itself, and what comes of it in the end our own callers report. Its
 * connections tell of every answer that is not plain success, such as that a group rebalances.
 */
const severityOf = (namespace: string, level: logLevel): 'warn' | 'debug' =>
  level <= logLevel.WARN && namespace !== 'Connection' ? 'warn' : 'debug';
