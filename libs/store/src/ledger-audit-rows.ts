import type {
  AlarmView,
  AuditGroup,
  AuditKindName,
  AuditReport,
  AuditRequestView,
  AuditView,
  LabelSourceName,
  OpenAudit,
  StepValue,
} from './ledger.js';
import { auditKinds, labelSources, steps } from './ledger-codes.js';

/** A whole number as a driver reads it. */
type Whole = number | bigint;

export interface AuditRow {
  readonly step: Whole;
  readonly kind: Whole;
  readonly source: Whole;
  readonly wrong: Whole | boolean | null;
  readonly missing: string | null;
  readonly rate: number;
  readonly confidence: number | null;
  readonly threshold: number | null;
  readonly fingerprint: string;
  readonly policy_version: string;
  readonly reviewer: string;
  readonly audited_at_ms: Whole;
}

/** Columns of a group of audits, as both drivers call them. */
export interface AuditGroupRow
  extends Pick<AuditRow, 'step' | 'kind' | 'source' | 'rate' | 'fingerprint' | 'policy_version'> {
  readonly labels: Whole;
  readonly errors: Whole;
  readonly missing: Whole;
  readonly first_ms: Whole;
  readonly last_ms: Whole;
}

export interface AuditRequestRow
  extends Pick<AuditRow, 'step' | 'rate' | 'confidence' | 'threshold' | 'fingerprint' | 'policy_version'> {
  readonly requested_at_ms: Whole;
}

/** An open request with its message, as both drivers call the columns. */
export interface OpenAuditRow {
  readonly number: Whole;
  readonly step: Whole;
  readonly requested_at_ms: Whole;
  readonly message_id: string;
  readonly conversation_id: string;
  readonly channel: string;
  readonly subject: string;
  readonly text: string;
  readonly locale: string;
  readonly received_at_ms: Whole;
  /** JSON of the draft; null where another step is labelled. */
  readonly draft: string | null;
}

export interface OpenRow {
  readonly step: Whole;
  readonly requests: Whole;
}

export interface AlarmRow {
  readonly step: Whole;
  readonly signal: string;
  readonly label_source: Whole | null;
  readonly policy_version: string;
  readonly statistic: number;
  readonly level: number;
  readonly labels: Whole;
  readonly errors: Whole;
  readonly allowed: number;
  readonly response: string;
  readonly raised_at_ms: Whole;
  readonly since_ms: Whole;
}

const stepNamed = ({ step }: Pick<AuditRow, 'step'>) => steps[Number(step)] as AuditView['step'];

const named = ({ step, kind, source }: Pick<AuditRow, 'step' | 'kind' | 'source'>) => ({
  step: stepNamed({ step }),
  audit: auditKinds[Number(kind)] as AuditKindName,
  source: labelSources[Number(source)] as LabelSourceName,
});

/** The view of one audit. */
export const auditView = (row: AuditRow): AuditView => ({
  ...named(row),
  wrong: row.wrong === null ? null : Boolean(row.wrong),
  missing: row.missing,
  rate: row.rate,
  confidence: row.confidence,
  threshold: row.threshold,
  fingerprint: row.fingerprint,
  policyVersion: row.policy_version,
  reviewer: row.reviewer,
  auditedAtMs: Number(row.audited_at_ms),
});

/** The view of one request. */
export const auditRequestView = (row: AuditRequestRow): AuditRequestView => ({
  step: stepNamed(row),
  rate: row.rate,
  confidence: row.confidence,
  threshold: row.threshold,
  fingerprint: row.fingerprint,
  policyVersion: row.policy_version,
  requestedAtMs: Number(row.requested_at_ms),
});

/** An open request as a person sees it. */
export const openAudit = (row: OpenAuditRow): OpenAudit => ({
  messageId: row.message_id,
  conversationId: row.conversation_id,
  step: stepNamed(row),
  channel: row.channel,
  subject: row.subject,
  text: row.text,
  locale: row.locale,
  receivedAtMs: Number(row.received_at_ms),
  draft: row.draft === null ? null : (JSON.parse(row.draft) as Extract<StepValue, { kind: 'draft' }>).text,
  requestedAtMs: Number(row.requested_at_ms),
});

/** The report of a span out of its groups, open requests and alarms, each in their order. */
export const auditReport = (
  groups: readonly AuditGroupRow[],
  open: readonly OpenRow[],
  alarms: readonly AlarmRow[],
): AuditReport => ({
  groups: groups.map(groupView),
  open: open.map((row) => ({ step: stepNamed(row), requests: Number(row.requests) })),
  alarms: alarms.map(alarmView),
});

const groupView = (row: AuditGroupRow): AuditGroup => ({
  ...named(row),
  rate: row.rate,
  fingerprint: row.fingerprint,
  policyVersion: row.policy_version,
  labels: Number(row.labels),
  errors: Number(row.errors),
  missing: Number(row.missing),
  firstMs: Number(row.first_ms),
  lastMs: Number(row.last_ms),
});

const alarmView = (row: AlarmRow): AlarmView => ({
  step: stepNamed(row),
  signal: row.signal as AlarmView['signal'],
  ...(row.label_source === null
    ? {}
    : { labelSource: labelSources[Number(row.label_source)] as LabelSourceName }),
  policyVersion: row.policy_version,
  statistic: row.statistic,
  level: row.level,
  labels: Number(row.labels),
  errors: Number(row.errors),
  allowed: row.allowed,
  response: row.response,
  raisedAtMs: Number(row.raised_at_ms),
  sinceMs: Number(row.since_ms),
});
