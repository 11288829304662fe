import { context } from '@opentelemetry/api';
import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import { headersOf } from '@spillway/telemetry/tracing';
import type { BusRecord } from '../bus.js';
import { putOff, type Trail, trailOf } from '../retry-topic.js';

/**
 * What failing means for the records behind one with the same key.
 *
 * - `relaxed`: they go on, and the record runs again later.
 * - `strict`: they wait until the record is handled or parked.
 */
export type Order = 'relaxed' | 'strict';

/** What becomes of a record whose attempts in place are used up. */
export type Postponement =
  /** It is published to the group's retry topic, and done here. */
  | { readonly kind: 'later'; readonly event: Outgoing; readonly delayMs: number }
  /** It is rejected with this fault: the driver holds its key and delivers it again. */
  | { readonly kind: 'hold'; readonly fault: Fault; readonly delayMs: number }
  /** It has had all its tries, so many. */
  | { readonly kind: 'over'; readonly attempts: number };

export interface PostponeOptions {
  readonly group: string;
  /** Waits between rounds of attempts, milliseconds. Where the other side asks for longer, it gets it. */
  readonly delaysMs: readonly number[];
  readonly orderOf: (topic: string) => Order;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export type Postpone = (record: BusRecord, fault: Fault) => Postponement;

/**
 * Decides when a record runs again that failed with a fault which another try might mend. The trail of a record that
 * is held lies in memory: after a restart its waits begin anew.
 */
export function postpone({ group, delaysMs, orderOf, now }: PostponeOptions): Postpone {
  const held = new WeakMap<BusRecord, Trail>();
  return (record, fault) => {
    const before = held.get(record) ?? trailOf(record);
    const attempts = before.attempts + fault.attempts;
    const planned = fault.reaction === 'retry' ? delaysMs[before.tier] : undefined;
    if (planned === undefined) return { kind: 'over', attempts };
    const delayMs = Math.max(planned, fault.retryAfterMs ?? 0);
    const trail = { ...before, attempts, tier: before.tier + 1 };
    if (orderOf(record.topic) === 'strict') {
      held.set(record, trail);
      return { kind: 'hold', fault: heldBy(fault, delayMs), delayMs };
    }
    const { traceparent } = headersOf(context.active());
    const event = putOff(record, group, {
      trail,
      notBefore: now() + delayMs,
      failedTraceparent: traceparent,
    });
    return { kind: 'later', event, delayMs };
  };
}

const heldBy = (fault: Fault, retryAfterMs: number): Fault =>
  new Fault(fault.code, fault.message, {
    cause: fault.cause ?? fault,
    problems: fault.problems,
    attempts: fault.attempts,
    retryAfterMs,
  });
