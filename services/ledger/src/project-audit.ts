import { timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type AlarmRaised,
  AuditKind,
  type AuditRecorded,
  type AuditRequested,
  LabelSource,
} from '@spillway/contracts/events';
import type { AlarmView, AuditKindName, LabelSourceName, StepName } from '@spillway/store/ledger';
import type { LedgerChange } from '@spillway/store/ledger-change';
import { named } from './named.js';
import { stepValueOf } from './step-detail.js';
import { stepNames } from './step-names.js';

const kinds: Readonly<Record<AuditKind, AuditKindName | undefined>> = {
  [AuditKind.UNSPECIFIED]: undefined,
  [AuditKind.SHADOW]: 'shadow',
  [AuditKind.ESCALATED]: 'escalated',
  [AuditKind.PERSON]: 'person',
};
const sources: Readonly<Record<LabelSource, LabelSourceName | undefined>> = {
  [LabelSource.UNSPECIFIED]: undefined,
  [LabelSource.TRUTH]: 'truth',
  [LabelSource.AGREEMENT]: 'agreement',
};
const tasks: ReadonlyMap<string, StepName> = new Map(
  (['classify', 'extract', 'sentiment', 'draft', 'polish'] as const).map((step) => [step, step]),
);

/** An alarm that names no signal is of the time when only wrong answers could raise one. */
const signals: ReadonlyMap<string, AlarmView['signal']> = new Map([
  ['', 'wrong'],
  ['wrong', 'wrong'],
  ['below_threshold', 'below_threshold'],
  ['out_of_scope', 'out_of_scope'],
  ['outside_labels', 'outside_labels'],
  ['off_schema', 'off_schema'],
]);
/** What a request for a person's label leaves in the ledger. */
export const labelWanted = (event: AuditRequested, requestedAtMs: number): LedgerChange => ({
  kind: 'audit-request',
  messageId: event.messageId,
  step: named(stepNames[event.step], 'step'),
  rate: event.rate,
  confidence: event.confidence ?? null,
  threshold: event.threshold ?? null,
  fingerprint: event.fingerprint,
  policyVersion: event.policyVersion,
  requestedAtMs,
});

/** What an audit leaves in the ledger: its finding, and, where a person gave a label, that as the step's answer. */
export function audited(event: AuditRecorded, auditedAtMs: number): readonly LedgerChange[] {
  const { messageId, missing, rate, fingerprint, policyVersion, reviewer } = event;
  const step = named(tasks.get(event.task), 'task');
  const audit: LedgerChange = {
    kind: 'audit',
    messageId,
    step,
    audit: named(kinds[event.kind], 'kind'),
    source: named(sources[event.source], 'source'),
    wrong: missing === '' ? event.wrong : null,
    missing: missing === '' ? null : missing,
    rate,
    confidence: event.confidence ?? null,
    threshold: event.threshold ?? null,
    fingerprint,
    policyVersion,
    reviewer,
    auditedAtMs,
  };
  const value = stepValueOf(event.label);
  return value === null ? [audit] : [audit, labelled({ messageId, step, completedAtMs: auditedAtMs }, value)];
}

type Stepped = Extract<LedgerChange, { readonly kind: 'step' }>;

const labelled = (
  which: Pick<Stepped, 'messageId' | 'step' | 'completedAtMs'>,
  value: NonNullable<Stepped['detail']['value']>,
): LedgerChange => ({
  kind: 'step',
  ...which,
  tier: 'human',
  call: null,
  detail: {
    value,
    confidence: null,
    rawConfidence: null,
    confidenceSource: 'rule',
    usage: null,
    latencyMs: 0,
    attempts: 0,
    failure: null,
  },
});

function sourceOf({ labelSource }: AlarmRaised): Pick<AlarmView, 'labelSource'> {
  const source = sources[labelSource];
  return source === undefined ? {} : { labelSource: source };
}

/** What an alarm leaves in the ledger. */
export const alarmed = (event: AlarmRaised, raisedAtMs: number): LedgerChange => ({
  kind: 'alarm',
  messageId: event.messageId,
  step: named(tasks.get(event.task), 'task'),
  signal: named(signals.get(event.signal), 'signal'),
  ...sourceOf(event),
  policyVersion: event.policyVersion,
  statistic: event.statistic,
  level: event.level,
  labels: event.labels,
  errors: event.errors,
  allowed: event.allowed,
  response: event.response,
  raisedAtMs,
  sinceMs: event.since === undefined ? raisedAtMs : timestampMs(event.since),
});
