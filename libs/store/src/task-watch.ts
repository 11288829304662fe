import { type DriftState, UNDRIFTED } from '@spillway/confidence/drift';
import type { DriftAlarm } from '@spillway/policy/drift-alarm';
import type { TaskName } from '@spillway/policy/policy';
import type { KeyedState } from './keyed-state.js';

/** An alarm as it was raised: the event that tells of it can be made again word for word. */
export interface RaisedAlarm extends DriftAlarm {
  readonly messageId: string;
  readonly statistic: number;
}

/** What the audit of one task has come to under one version of the policy. */
export interface DriftWatch {
  /** The detector's; it starts anew with each alarm. */
  readonly drift: DriftState;
  /** The oldest first; the newest says what is done. */
  readonly alarms: readonly RaisedAlarm[];
}

/** Answers that the task's certificate does not cover came in lately. */
export interface FreezeNote {
  readonly fingerprint: string;
  readonly firstMs: number;
  readonly lastMs: number;
}

export const emptyWatch: DriftWatch = { drift: UNDRIFTED, alarms: [] };

/** Without such answers for this long the certificate is thawed. */
export const FROZEN_MS = 86_400_000;

/** Kept for good: an alarm stands for as long as its version of the policy is in force. */
export const driftWatchKey = (task: TaskName, policyVersion: string): string =>
  `drift-watch:{${task}}:${policyVersion}`;
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

export const writeNote = (value: DriftWatch | FreezeNote): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(value));
