import type { Budgets } from './budgets.js';
import type { Certificate, Fallback, Shadow } from './certificate.js';
import type { DriftAlarm } from './drift-alarm.js';
import type { EscalationLimit } from './escalation-limit.js';

export type TaskName = 'classify' | 'extract' | 'sentiment' | 'draft' | 'polish';

/** When a result of one task is good enough. All numbers are probabilities, 0 to 1. */
export interface TaskPolicy {
  /** A small model's result at or above it is kept; under it the big model redoes the task. */
  readonly threshold: number;
  /** A big model's result under it goes to a person. 0: whatever the big model says is kept. */
  readonly holdBelow: number;
  /** What the threshold promises; absent: nothing. */
  readonly certificate?: Certificate;
  /** What becomes of small answers that the certificate does not cover. */
  readonly fallback: Fallback;
  /** The audit of what is kept; absent: there is none. */
  readonly shadow?: Shadow;
}

export interface Policy {
  /** Changes with every change of the policy; stands in every decision. */
  readonly version: string;
  /** ISO date of the last review; more than a month ago is worth a warning. */
  readonly reviewedOn: string;
  /** Who approved that review; absent where nobody wrote it down. */
  readonly reviewedBy?: string;
  readonly tasks: Readonly<Record<TaskName, TaskPolicy>>;
  /** The alarms that stand at the moment: a pack's policy has none. */
  readonly alarms?: Readonly<Partial<Record<TaskName, DriftAlarm>>>;
  readonly customerFacing: {
    /** Channels whose replies a customer reads as they leave. A message may say otherwise for itself. */
    readonly channels: readonly string[];
  };
  /** A message that passes any of these needs the big model's last pass. */
  readonly depth: {
    readonly minCharacters: number;
    readonly minQuestions: number;
    readonly minAttachments: number;
  };
  /** Intents whose replies a person always reads. */
  readonly alwaysPerson: readonly string[];
  /** Milliseconds a step may take, queueing included, before the case goes on without it. */
  readonly deadlines: { readonly smallMs: number; readonly bigMs: number };
  /** What calls may cost, and what happens where they may not; absent: whatever they cost. */
  readonly budgets?: Budgets;
  /** How many messages may escalate; absent: all of them. */
  readonly escalationLimit?: EscalationLimit;
  /** Why nothing escalates at the moment, for a person to read: a pack's policy has none. */
  readonly escalationsStopped?: string;
}
