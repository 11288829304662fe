import { join } from 'node:path';
import type { Bus } from '@spillway/bus/bus';
import { Fault } from '@spillway/contracts/fault';
import type { Budget, BudgetCap } from '@spillway/store/budget';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { Ledger, LedgerReader } from '@spillway/store/ledger';
import { createLogger } from '@spillway/telemetry/logger';
import type { CliConfig, KafkaConfig } from './cli.config.js';
import { requireDataFolder } from './writable-folder.js';

const at = (config: CliConfig, file: string): string => join(config.data, file);

/** A file in the data folder, which is made where it is not there. Throws as `requireDataFolder` does. */
async function inFolder(config: CliConfig, file: string): Promise<string> {
  await requireDataFolder(config.data);
  return at(config, file);
}

export interface BusChoice {
  /** Whether topics that are missing are made. */
  readonly createTopics: boolean;
  /** Told when only a new process can go on. */
  readonly onFatal: (fault: Fault) => void;
}

/**
 * Kafka, where brokers are named, or the log in this process's data folder. Throws `misconfigured` when topics are not as
 * they must be, `unavailable` when no broker answers or another process holds the folder.
 */
export async function openBus(config: CliConfig, { createTopics, onFatal }: BusChoice): Promise<Bus> {
  // Drivers are loaded where they are used: whoever runs embedded should not wait for clients of servers, and a process
  // with servers for everything keeps no SQLite in memory.
  if (config.kafka === undefined) {
    const { openEmbeddedBus } = await import('@spillway/bus/embedded');
    return openEmbeddedBus({ path: await inFolder(config, 'bus.db') });
  }
  await requireTopics(config.kafka, createTopics);
  const { openKafkaBus } = await import('@spillway/bus/kafka');
  return openKafkaBus({ brokers: config.kafka.brokers, onFatal });
}

/** Throws `misconfigured` with every topic that is not as it must be; makes those that are missing, where asked to. */
export async function requireTopics({ brokers, ...settings }: KafkaConfig, create: boolean): Promise<void> {
  const { prepareTopics } = await import('@spillway/bus/kafka-topics');
  try {
    await prepareTopics({ brokers, settings, create });
  } catch (error) {
    throw withHint(Fault.from(error));
  }
}

/** Redis, where it is named, or a file in the data folder. */
export async function openState(config: CliConfig): Promise<KeyedState> {
  if (config.redisUrl === undefined) {
    const { openEmbeddedKeyedState } = await import('@spillway/store/embedded-keyed-state');
    const path = await inFolder(config, 'state.db');
    return openEmbeddedKeyedState({ path, endLeases: true, logger: createLogger('state') });
  }
  const { openRedisKeyedState } = await import('@spillway/store/redis-keyed-state');
  return openRedisKeyedState({ url: config.redisUrl, logger: createLogger('redis') });
}

/** The budget of these caps, beside the state: on Redis, where it is named, or in a file in the data folder. */
export async function openBudget(config: CliConfig, caps: readonly BudgetCap[]): Promise<Budget> {
  if (config.redisUrl === undefined) {
    const { openEmbeddedBudget } = await import('@spillway/store/embedded-budget');
    return openEmbeddedBudget({ path: await inFolder(config, 'budget.db'), caps });
  }
  const { openRedisBudget } = await import('@spillway/store/redis-budget');
  return openRedisBudget({ url: config.redisUrl, caps, logger: createLogger('redis') });
}

/** PostgreSQL, where it is named, or a file in the data folder. */
export async function openLedger(config: CliConfig): Promise<Ledger> {
  if (config.databaseUrl === undefined) {
    const { openEmbeddedLedger } = await import('@spillway/store/embedded-ledger');
    return openEmbeddedLedger({ path: await inFolder(config, 'ledger.db'), logger: createLogger('ledger') });
  }
  const { openPostgresLedger } = await import('@spillway/store/postgres-ledger');
  return openPostgresLedger({ url: config.databaseUrl, logger: createLogger('postgres') });
}

/**
 * The ledger to read it, also beside a server that writes it: PostgreSQL, where it is named, or the file in the data folder.
 * Throws `missing` where there is no such file yet.
 */
export async function openLedgerReader(config: CliConfig): Promise<LedgerReader> {
  if (config.databaseUrl !== undefined) return openLedger(config);
  const { openEmbeddedLedgerReader } = await import('@spillway/store/embedded-ledger');
  return openEmbeddedLedgerReader({ path: at(config, 'ledger.db') });
}

function withHint(fault: Fault): Fault {
  if (fault.code !== 'misconfigured') return fault;
  const fix = { where: 'fix', message: 'spillway start --create-topics makes those that are missing' };
  return new Fault('misconfigured', fault.message, { cause: fault, problems: [...fault.problems, fix] });
}
