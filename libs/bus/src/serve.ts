import 'reflect-metadata';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Outgoing } from '@spillway/contracts/event';
import type { Fault } from '@spillway/contracts/fault';
import { createLogger, type Logger } from '@spillway/telemetry/logger';
import type { Bus, BusRecord, SubscriptionHealth } from './bus.js';
import { FaultFilter } from './fault-filter.js';
import { deadLetter, type Park, park } from './middleware/dead-letter.js';
import { deadline } from './middleware/deadline.js';
import { deduplicate } from './middleware/deduplicate.js';
import { detailOf } from './middleware/fault-detail.js';
import { measured } from './middleware/metrics.js';
import type { Middleware } from './middleware/middleware.js';
import { original } from './middleware/original.js';
import { type Order, postpone } from './middleware/postpone.js';
import { type RetryOptions, retry } from './middleware/retry.js';
import { noteFault, traced } from './middleware/trace.js';
import { nestLogs } from './nest-logs.js';
import { originals, trailOf } from './retry-topic.js';
import { BusStrategy } from './strategy.js';

export interface ServeOptions {
  readonly bus: Bus;
  /** Consumer group: the service's name. */
  readonly group: string;
  readonly module: DynamicModule | Type<unknown>;
  /** Events in flight at once. */
  readonly slots: number;
  readonly order: 'key' | 'none';
  /** Milliseconds in which events may gather on the log, where nobody waits for what comes of them. */
  readonly gatherMs?: number;
  /** Milliseconds that one attempt at one event may take. Left out where a handler never waits for others. */
  readonly deadlineMs?: number;
  /** False where handling an event again costs no more than remembering it. */
  readonly remember?: boolean;
  readonly retry?: Partial<RetryOptions>;
  /**
   * Milliseconds between rounds of such attempts, before an event is parked. With relaxed order it waits on the group's
   * retry topic, with strict order where it is, and holds its key. Default 10 s, 1 min, 10 min.
   */
  readonly retryDelaysMs?: readonly number[];
}

const RETRY_DELAYS_MS = [10_000, 60_000, 600_000];

export interface Served {
  health(): SubscriptionHealth;
  /**
   * Takes no new events, lets those in flight finish for so many milliseconds, then closes the Nest application. Whoever
   * asks again can give them less time.
   */
  close(timeoutMs: number): Promise<void>;
}

/**
 * Runs a service's module on the bus until it is closed. Throws `misconfigured`, with every problem, when the handlers
 * do not fit what the topology says of the group. Installs no handlers of process signals.
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { bus, group, slots, order, gatherMs } = options;
  const parking = park({ group, onDead: reportDead(createLogger(group)) });
  const strategy = new BusStrategy({
    ...{ bus, group, slots, order },
    ...(gatherMs === undefined ? {} : { gatherMs }),
    layers: layersOf(options, parking),
    refused: refusedOf(group, parking),
  });
  const app = await NestFactory.createMicroservice(options.module, {
    strategy,
    logger: nestLogs(group),
    abortOnError: false,
  });
  app.useGlobalFilters(new FaultFilter());
  try {
    await app.listen();
  } catch (error) {
    await app.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    health: () => strategy.health(),
    close(timeoutMs) {
      const drained = strategy.drain(timeoutMs);
      closing ??= drained.then(() => app.close());
      return Promise.all([drained, closing]).then(() => undefined);
    },
  };
}

/** What the log does not take is parked as well: trying again would not help. */
function refusedOf(group: string, parking: Park): (record: BusRecord, fault: Fault) => readonly Outgoing[] {
  const originalOf = originals(group);
  return (record, fault) => {
    const original = originalOf(record);
    return parking(original, fault.after(trailOf(original).attempts + fault.attempts));
  };
}

/** Outermost first. The trace is outside, so that log lines and dead letters of a record are part of it. */
function layersOf(
  {
    bus,
    group,
    deadlineMs,
    remember,
    retry: settings,
    retryDelaysMs: delaysMs = RETRY_DELAYS_MS,
  }: ServeOptions,
  park: Park,
): (orderOf: (topic: string) => Order) => readonly Middleware[] {
  const logger = createLogger(group);
  return (orderOf) => [
    original(group),
    traced(group, bus.driver),
    measured(group),
    deadLetter({
      postpone: postpone({ group, delaysMs, orderOf, now: Date.now }),
      park,
      onLater: reportLater(logger),
    }),
    ...(remember === false ? [] : [deduplicate()]),
    retry({ onRetry: noteRetry(logger), ...settings }),
    ...(deadlineMs === undefined ? [] : [deadline(deadlineMs)]),
  ];
}

const noteRetry =
  (logger: Logger) =>
  ({ topic, id }: BusRecord, fault: Fault): void =>
    logger.debug(
      { topic, event_id: id, code: fault.code, detail: detailOf(fault) },
      'an event is tried again',
    );

const reportLater =
  (logger: Logger) =>
  ({ topic, partition, offset, id }: BusRecord, fault: Fault, delayMs: number): void => {
    noteFault(fault);
    logger.warn(
      {
        topic,
        partition,
        offset,
        event_id: id,
        code: fault.code,
        detail: detailOf(fault),
        delay_ms: delayMs,
      },
      'an event is put off',
    );
  };

const reportDead =
  (logger: Logger) =>
  ({ topic, partition, offset, id }: BusRecord, fault: Fault): void => {
    noteFault(fault);
    logger.error(
      {
        topic,
        partition,
        offset,
        event_id: id,
        code: fault.code,
        detail: detailOf(fault),
        attempts: fault.attempts,
      },
      'an event is parked',
    );
  };
