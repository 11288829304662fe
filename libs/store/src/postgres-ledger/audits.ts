import { type Kysely, sql } from 'kysely';
import type { AuditReport, SpanQuery } from '../ledger.js';
import { type AlarmRow, type AuditGroupRow, auditReport } from '../ledger-audit-rows.js';
import type { AlarmChange, AuditChange } from '../ledger-change.js';
import { auditKinds, labelSources, steps } from '../ledger-codes.js';
import { snapshot } from './read.js';
import { originalRow, storedText } from './stored-text.js';
import type { Tables } from './tables.js';

/** An audit as `apply_audits` takes it; `id` is that of its message, as it is stored. */
export const auditRow = (id: string, change: AuditChange) => ({
  message_id: id,
  step: steps.indexOf(change.step),
  kind: auditKinds.indexOf(change.audit),
  source: labelSources.indexOf(change.source),
  wrong: change.wrong,
  missing: change.missing === null ? null : storedText(change.missing),
  rate: change.rate,
  confidence: change.confidence,
  threshold: change.threshold,
  fingerprint: storedText(change.fingerprint),
  policy_version: storedText(change.policyVersion),
  reviewer: storedText(change.reviewer),
  audited_at_ms: change.auditedAtMs,
});

/** An alarm as `apply_audits` takes it. */
export const alarmRow = (id: string, change: AlarmChange) => ({
  message_id: id,
  step: steps.indexOf(change.step),
  signal: change.signal,
  policy_version: storedText(change.policyVersion),
  statistic: change.statistic,
  level: change.level,
  labels: change.labels,
  errors: change.errors,
  allowed: change.allowed,
  response: storedText(change.response),
  raised_at_ms: change.raisedAtMs,
  since_ms: change.sinceMs,
});

/** What was audited in a span, and the alarms of it. */
export function readAudits(
  database: Kysely<Tables>,
  { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER }: SpanQuery,
): Promise<AuditReport> {
  return snapshot(database, async (at) => {
    const groups = await sql<AuditGroupRow>`
      SELECT step, kind, source, rate, fingerprint, policy_version,
        count(wrong) AS labels, count(*) FILTER (WHERE wrong) AS errors, count(*) - count(wrong) AS missing,
        min(audited_at_ms) AS first_ms, max(audited_at_ms) AS last_ms
      FROM audits WHERE audited_at_ms >= ${fromMs}::bigint AND audited_at_ms < ${toMs}::bigint
      GROUP BY step, kind, source, rate, fingerprint, policy_version
      ORDER BY step, first_ms, kind, source, rate, fingerprint, policy_version`.execute(at);
    const alarms = await sql<AlarmRow>`
      SELECT * FROM alarms WHERE raised_at_ms >= ${fromMs}::bigint AND raised_at_ms < ${toMs}::bigint
      ORDER BY raised_at_ms DESC, step`.execute(at);
    return auditReport(groups.rows.map(originalRow), alarms.rows.map(originalRow));
  });
}
