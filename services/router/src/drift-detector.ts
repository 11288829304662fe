import { timestampMs } from '@bufbuild/protobuf/wkt';
import { leastRate } from '@spillway/confidence/shadow-rate';
import { alarmLevel, type Levels, rings, UNWATCHED, watch } from '@spillway/confidence/signals';
import type { Outgoing } from '@spillway/contracts/event';
import { AuditKind, type AuditRecorded, LabelSource } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { type Certificate, type Shadow, sourceOf } from '@spillway/policy/certificate';
import type { Policy, TaskName } from '@spillway/policy/policy';
import { tightened } from '@spillway/policy/safeguard';
import type { KeyedState } from '@spillway/store/keyed-state';
import {
  type DriftWatch,
  driftWatchKey,
  emptyWatch,
  type RaisedAlarm,
  readNote,
  watchLevels,
  writeNote,
} from '@spillway/store/task-watch';
import { alarmOutgoing } from './alarm-output.js';

/** Longer than any event can take to be delivered again. */
const SEEN_MS = 7 * 86_400_000;

export interface DriftDetectorParts {
  readonly state: KeyedState;
  readonly policy: Policy;
  /** Told of every audit the first time that it counts. */
  readonly onLabel: (task: TaskName, label: ShadowWord, watch: DriftWatch, raised?: RaisedAlarm) => void;
}

/** What a label of the audit says of a kept answer, and whose word that is. */
export interface ShadowWord {
  readonly wrong: boolean;
  readonly source: Certificate['labelSource'];
}

/**
 * Folds what shadow audits find into the detector of their task, each audit once, and tells of an alarm when the statistic
 * reaches its level. The same audit again tells the same. Audits of another version of the policy count for nothing: each
 * version starts anew. Nor do labels of another source than the policy asks: no figure mixes the two. Throws `conflict` where another process folded at the same time.
 */
export function driftDetector({ state, policy, onLabel }: DriftDetectorParts) {
  return async (event: AuditRecorded): Promise<readonly Outgoing[]> => {
    const task = taskOf(event.task);
    const terms = policy.tasks[task];
    const { shadow } = terms;
    const levels = watchLevels(terms);
    if (shadow === undefined || levels.wrong === undefined || !counts(event, policy, shadow)) return [];
    const key = driftWatchKey(task, policy.version);
    const seen = `${key}:${event.messageId}`;
    const found = await readNote<DriftWatch>(state, key);
    const before = found?.value ?? emptyWatch;
    if ((await state.get(seen)) !== undefined) {
      // Another process may have counted it, and raised its alarm, since the watch was read.
      const after = (await readNote<DriftWatch>(state, key))?.value ?? before;
      return alarmsOf(after, event, policy.version);
    }
    // What was kept before the threshold was raised says nothing of what is kept since.
    if (isOutdated(event, before, terms.threshold)) return [];
    const folding = folded(before, event, {
      levels,
      level: levels.wrong,
      shadow,
      threshold: terms.threshold,
    });
    await state.write([
      { kind: 'put', key, value: writeNote(folding), expect: found?.version ?? 0 },
      { kind: 'put', key: seen, value: new Uint8Array(), ttlMs: SEEN_MS },
    ]);
    const label = { wrong: event.wrong, source: sourceOf(shadow) };
    onLabel(task, label, folding, folding.alarms.at(before.alarms.length));
    return alarmsOf(folding, event, policy.version);
  };
}

function taskOf(name: string): TaskName {
  if (name === 'classify' || name === 'extract' || name === 'sentiment' || name === 'draft') return name;
  throw new Fault('malformed', 'an audit of a task that there is not');
}

const sources = { truth: LabelSource.TRUTH, agreement: LabelSource.AGREEMENT } as const;

const counts = (
  { kind, source, missing, policyVersion }: AuditRecorded,
  policy: Policy,
  shadow: Shadow,
): boolean =>
  kind === AuditKind.SHADOW &&
  source === sources[sourceOf(shadow)] &&
  missing === '' &&
  policyVersion === policy.version;

const isOutdated = ({ threshold }: AuditRecorded, { alarms }: DriftWatch, own: number): boolean =>
  alarms.length > 0 && (threshold ?? own) < tightened(own);

interface Terms {
  readonly levels: Levels;
  /** The highest share of wrong answers that is no alarm. */
  readonly level: number;
  readonly shadow: Shadow;
  readonly threshold: number;
}

/** Answers that are drawn more often than others stand for fewer. */
const weightOf = ({ rate }: AuditRecorded, { rates }: Shadow, threshold: number): number =>
  rates === undefined ? 1 : Math.min(1, leastRate(rates, threshold) / rate);

function folded(before: DriftWatch, event: AuditRecorded, terms: Terms): DriftWatch {
  const { levels, level, shadow, threshold } = terms;
  const atMs = event.auditedAt === undefined ? 0 : timestampMs(event.auditedAt);
  const showing = { happened: event.wrong, atMs, weight: weightOf(event, shadow, threshold) };
  const watched = watch(before, showing, level);
  if (!rings(watched, levels) || isOver(before)) return { ...before, ...watched };
  const { sinceMs, labels, events } = watched.stretch;
  const alarm: RaisedAlarm = {
    signal: 'wrong',
    messageId: event.messageId,
    // What was tightened and drifts all the same is not to be trusted at any threshold.
    response: before.alarms.length === 0 ? shadow.onAlarm : 'escalate',
    raisedAtMs: atMs,
    sinceMs,
    statistic: watched.drift.statistic,
    level: alarmLevel(levels),
    labels,
    errors: events,
    allowed: level,
    labelSource: sourceOf(shadow),
  };
  return { ...UNWATCHED, alarms: [...before.alarms, alarm] };
}

/** Everything is escalated: there is nothing more to tell. */
const isOver = ({ alarms }: DriftWatch): boolean => alarms.at(-1)?.response === 'escalate';

/** The alarm that this audit raised, if it did. */
const alarmsOf = (
  { alarms }: DriftWatch,
  { messageId, task }: AuditRecorded,
  policyVersion: string,
): readonly Outgoing[] =>
  alarms
    .filter((alarm) => alarm.signal === 'wrong' && alarm.messageId === messageId)
    .map((alarm) => alarmOutgoing(taskOf(task), policyVersion, alarm));
