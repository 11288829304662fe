import { type Levels, levelsOf, type Signal, UNWATCHED, type Watched } from '@spillway/confidence/signals';
import { allowedErrorRate } from '@spillway/policy/certificate';
import type { DriftAlarm } from '@spillway/policy/drift-alarm';
import type { TaskName, TaskPolicy } from '@spillway/policy/policy';
import type { KeyedState } from './keyed-state.js';

/** An alarm as it was raised: the event that tells of it can be made again word for word. */
export interface RaisedAlarm extends DriftAlarm {
  readonly messageId: string;
  /** Of the detector, and where it rings. */
  readonly statistic: number;
  readonly level: number;
  /** The event is not known to have been published: whoever finds this publishes it. */
  readonly untold?: true;
}

/** What the audit of one task has come to under one version of the policy; the detector starts anew with each alarm. */
export interface DriftWatch extends Watched {
  /** Whatever rang, the oldest first; the newest says what is done. */
  readonly alarms: readonly RaisedAlarm[];
}

/** What was seen of all answers of one task under one version of the policy, until an alarm. */
export type ShareWatch = Readonly<Partial<Record<Exclude<Signal, 'wrong'>, Watched>>>;

/** Answers that the task's certificate does not cover came in lately. */
export interface FreezeNote {
  readonly fingerprint: string;
  readonly firstMs: number;
  readonly lastMs: number;
}

export const emptyWatch: DriftWatch = { ...UNWATCHED, alarms: [] };

/** What is watched of a task, and from which share on it is an alarm; nothing without a certificate, or without an audit. */
export const watchLevels = ({ certificate, shadow }: TaskPolicy): Levels =>
  certificate === undefined || shadow === undefined
    ? {}
    : levelsOf(allowedErrorRate(certificate), certificate.expected);

/** Without such answers for this long the certificate is thawed. */
export const FROZEN_MS = 86_400_000;

/** Kept for good: an alarm stands for as long as its version of the policy is in force. */
export const driftWatchKey = (task: TaskName, policyVersion: string): string =>
  `drift:{${task}}:${policyVersion}`;
export const shareWatchKey = (task: TaskName, policyVersion: string): string =>
  `drift-shares:{${task}}:${policyVersion}`;
export const freezeKey = (task: TaskName, policyVersion: string): string =>
  `frozen:{${task}}:${policyVersion}`;

/** Reads what is kept under one of these keys; undefined where there is nothing. */
export async function readNote<T>(
  state: KeyedState,
  key: string,
): Promise<{ readonly value: T; readonly version: number } | undefined> {
  const entry = await state.get(key);
  return entry && { value: JSON.parse(new TextDecoder().decode(entry.value)) as T, version: entry.version };
}

export const writeNote = (value: DriftWatch | ShareWatch | FreezeNote): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(value));
