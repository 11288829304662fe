import type {
  AlarmView,
  AuditGroup,
  AuditKindName,
  AuditReport,
  AuditView,
  LabelSourceName,
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

export interface AlarmRow {
  readonly step: Whole;
  readonly signal: string;
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

const named = ({ step, kind, source }: Pick<AuditRow, 'step' | 'kind' | 'source'>) => ({
  step: steps[Number(step)] as AuditView['step'],
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

/** The report of a span out of its groups and alarms, both in their order. */
export const auditReport = (groups: readonly AuditGroupRow[], alarms: readonly AlarmRow[]): AuditReport => ({
  groups: groups.map(groupView),
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
  step: steps[Number(row.step)] as AlarmView['step'],
  signal: row.signal as AlarmView['signal'],
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
