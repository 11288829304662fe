import { type Certificate, errorWords, type OnAlarm, percent } from './certificate.js';

/** What rang: answers that an audit found wrong, or a share that anybody can see. */
export type AlarmSignal = 'wrong' | 'below_threshold' | 'out_of_scope' | 'outside_labels' | 'off_schema';

/** More of the answers are so than the certificate lets expect. It stands until a newer policy is in force. */
export interface DriftAlarm {
  readonly signal: AlarmSignal;
  /** What is done about it now: a second alarm of a tightened task escalates. */
  readonly response: OnAlarm;
  readonly raisedAtMs: number;
  /** When the change most likely began. */
  readonly sinceMs: number;
  /** Answers observed since then, and those of them that were so. */
  readonly labels: number;
  readonly errors: number;
  /** The highest share that would have been no alarm. */
  readonly allowed: number;
  /** By whose word audited answers were wrong; absent where none were audited, and in alarms that did not say. */
  readonly labelSource?: Certificate['labelSource'];
}

const observed = {
  wrong: { answers: 'audited answers', were: 'were wrong', most: 'may be' },
  below_threshold: { answers: 'answers', were: 'were under the threshold', most: 'were expected' },
  out_of_scope: { answers: 'answers', were: 'were called out of scope', most: 'were expected' },
  outside_labels: {
    answers: 'answers',
    were: 'had over a tenth of their probability outside of the labels',
    most: 'were expected',
  },
  off_schema: { answers: 'answers', were: 'were off the schema at first', most: 'were expected' },
} as const satisfies Record<AlarmSignal, object>;

/** Which detector rang and why, in one sentence for a person. */
export function alarmReason({
  signal,
  sinceMs,
  labels,
  errors,
  allowed,
  labelSource,
}: Omit<DriftAlarm, 'response' | 'raisedAtMs'>): string {
  const { answers, most, ...seen } = observed[signal];
  const were = labelSource === undefined ? seen.were : errorWords[labelSource].were;
  const since = new Date(sinceMs).toISOString().slice(0, 16).replace('T', ' ');
  return (
    `${errors} of ${labels} ${answers} (${percent(errors / labels)}) ${were} since ${since} UTC, ` +
    `at most ${percent(allowed)} ${most}`
  );
}
