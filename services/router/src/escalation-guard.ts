import type { Case } from '@spillway/policy/case';
import {
  counted,
  type EscalationLimit,
  emptyWindow,
  type Tally,
  totalOf,
} from '@spillway/policy/escalation-limit';
import type { Policy } from '@spillway/policy/policy';
import type { Logger } from '@spillway/telemetry/logger';
import { gauge } from '@spillway/telemetry/metrics';
import { ESCALATIONS_STOPPED } from '@spillway/telemetry/names';

export interface EscalationGuard {
  /** The policy as it holds at a moment: with the reason why nothing escalates, where that is so. */
  inForce(policy: Policy, nowMs: number): Policy;
  /** Told of every case that was saved, as it was before and as it is now. */
  saved(before: Case, after: Case, nowMs: number): void;
}

const nothing: Tally = { messages: 0, escalated: 0 };

/**
 * Counts the messages that this process decides on, and stops escalations while too many of them escalate. In memory: a
 * process knows the share of its own partitions, and after a restart that of the messages since.
 */
export function escalationGuard(limit: EscalationLimit | undefined, log: Logger): EscalationGuard {
  if (limit === undefined) return { inForce: (policy) => policy, saved: () => undefined };
  let window = emptyWindow;
  gauge(ESCALATIONS_STOPPED, [], (stopped) => stopped.set(window.stopped ? 1 : 0));

  function count(tally: Tally, nowMs: number): void {
    const before = window.stopped;
    window = counted(window, tally, limit as EscalationLimit, nowMs);
    if (window.stopped === before) return;
    const figures = { ...totalOf(window), limit: limit?.share };
    if (window.stopped) log.warn(figures, 'too many messages escalate: a person decides in their place');
    else log.info(figures, 'escalations go on');
  }

  return {
    inForce(policy, nowMs) {
      count(nothing, nowMs);
      return window.stopped ? { ...policy, escalationsStopped: reasonOf(totalOf(window), limit) } : policy;
    },
    saved(before, after, nowMs) {
      const received = before.phase === 'unknown' && after.phase !== 'unknown';
      const escalated = before.escalated !== true && after.escalated === true;
      if (received || escalated) count({ messages: Number(received), escalated: Number(escalated) }, nowMs);
    },
  };
}

function reasonOf({ messages, escalated }: Tally, { share, windowMs }: EscalationLimit): string {
  const minutes = Math.round(windowMs / 60_000);
  const percent = Math.round(share * 100);
  return `escalations are stopped: ${escalated} of ${messages} messages in ${minutes} min, the limit is ${percent} %`;
}
