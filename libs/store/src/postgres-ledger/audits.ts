import { type Kysely, sql } from 'kysely';
import type { AuditReport, OpenAudit, Page, SpanQuery } from '../ledger.js';
import {
  type AlarmRow,
  type AuditGroupRow,
  auditReport,
  type OpenAuditRow,
  type OpenRow,
  openAudit,
} from '../ledger-audit-rows.js';
import type { AlarmChange, AuditChange, AuditRequestChange } from '../ledger-change.js';
import { auditKinds, DRAFT_SLOT, labelSources, steps } from '../ledger-codes.js';
import { decodeCursor, encodeCursor } from '../ledger-cursor.js';
import { pageOf } from '../ledger-rows.js';
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

/** A request as `apply_requests` takes it. */
export const auditRequestRow = (id: string, change: AuditRequestChange) => ({
  message_id: id,
  step: steps.indexOf(change.step),
  rate: change.rate,
  confidence: change.confidence,
  threshold: change.threshold,
  fingerprint: storedText(change.fingerprint),
  policy_version: storedText(change.policyVersion),
  requested_at_ms: change.requestedAtMs,
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
  label_source: change.labelSource === undefined ? null : labelSources.indexOf(change.labelSource),
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
    const open = await sql<OpenRow>`
      SELECT step, count(*) AS requests FROM audit_requests
      WHERE NOT answered AND requested_at_ms >= ${fromMs}::bigint AND requested_at_ms < ${toMs}::bigint
      GROUP BY step ORDER BY step`.execute(at);
    const alarms = await sql<AlarmRow>`
      SELECT * FROM alarms WHERE raised_at_ms >= ${fromMs}::bigint AND raised_at_ms < ${toMs}::bigint
      ORDER BY raised_at_ms DESC, step`.execute(at);
    return auditReport(groups.rows.map(originalRow), open.rows, alarms.rows.map(originalRow));
  });
}

/** What people are asked to label, oldest first. Throws `malformed` for a cursor that it never gave. */
export async function listOpenAudits(
  database: Kysely<Tables>,
  { cursor, limit }: { readonly cursor?: string; readonly limit: number },
): Promise<Page<OpenAudit>> {
  const { atMs, number } = cursor === undefined ? beginning : decodeCursor('audits', cursor);
  const { rows } = await sql<OpenAuditRow>`
    SELECT a.number, a.step, a.requested_at_ms, a.message_id, m.received_at_ms, c.conversation_id, c.channel,
      c.subject, c.text, c.locale, s.value AS draft
    FROM audit_requests a
      JOIN messages m ON m.month = a.month AND m.id = a.message_id
      JOIN contents c ON c.month = a.month AND c.message_id = a.message_id
      LEFT JOIN steps s ON s.month = a.month AND s.message_id = a.message_id AND s.slot = ${DRAFT_SLOT}::smallint
        AND a.step = ${steps.indexOf('draft')}::smallint
    WHERE NOT a.answered AND (a.requested_at_ms, a.number) > (${atMs}::bigint, ${number}::bigint)
    ORDER BY a.requested_at_ms, a.number LIMIT ${limit + 1}`.execute(database);
  return pageOf(
    rows,
    limit,
    (row) => openAudit(originalRow(row)),
    (row) => encodeCursor('audits', { atMs: Number(row.requested_at_ms), number: Number(row.number) }),
  );
}

const beginning = { atMs: Number.MIN_SAFE_INTEGER, number: 0 };
