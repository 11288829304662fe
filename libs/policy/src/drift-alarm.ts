import type { OnAlarm } from './certificate.js';

/** The audit found more wrong answers than the certificate allows. It stands until a newer policy is in force. */
export interface DriftAlarm {
  /** What is done about it now: a second alarm of a tightened task escalates. */
  readonly response: OnAlarm;
  readonly raisedAtMs: number;
  /** What the audit had found by then. */
  readonly labels: number;
  readonly errors: number;
}
