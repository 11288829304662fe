import type { Logger } from '@spillway/telemetry/logger';
import { Kafka, type LogEntry, logLevel } from 'kafkajs';
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

/**
 * A client of the brokers; connects to nothing yet. It tries again within 100 ms of a failure and never waits longer
 * than a second, for about half a minute, so that a restarted broker is found at once.
 */
export function kafkaClient({ brokers, clientId, logger }: ClientOptions): Kafka {
  if (!calmRequestQueues()) {
    logger.warn('this kafkajs is unknown: its idle connections may keep a timer running');
  }
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 },
    logLevel: logger.isLevelEnabled('debug') ? logLevel.INFO : logLevel.WARN,
    logCreator: () => (entry) => write(logger, entry),
  });
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
