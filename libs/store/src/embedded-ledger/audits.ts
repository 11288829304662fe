import type { DatabaseSync } from 'node:sqlite';
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
import { auditKinds, DRAFT_SLOT, labelSources, SHADOW, steps } from '../ledger-codes.js';
import { decodeCursor, encodeCursor } from '../ledger-cursor.js';
import { pageOf } from '../ledger-rows.js';

/** Writes audits, their requests and alarms, of messages by their number. Replays change nothing. */
export function auditWriters(database: DatabaseSync, numberOf: (messageId: string) => number) {
  const audit = database.prepare(
    `INSERT INTO audits VALUES (${new Array(13).fill('?').join(', ')}) ON CONFLICT DO NOTHING`,
  );
  const alarm = database.prepare(
    `INSERT INTO alarms VALUES (${new Array(13).fill('?').join(', ')}) ON CONFLICT DO NOTHING`,
  );
  const request = database.prepare(
    `INSERT INTO audit_requests
       (seq, step, rate, confidence, threshold, fingerprint, policy_version, requested_at_ms, answered)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
       EXISTS (SELECT 1 FROM audits WHERE seq = ?1 AND step = ?2 AND kind = ${SHADOW})
     WHERE true ON CONFLICT DO NOTHING`,
  );
  const answer = database.prepare('UPDATE audit_requests SET answered = 1 WHERE seq = ? AND step = ?');
  return {
    request(change: AuditRequestChange): void {
      request.run(
        numberOf(change.messageId),
        steps.indexOf(change.step),
        change.rate,
        change.confidence,
        change.threshold,
        change.fingerprint,
        change.policyVersion,
        change.requestedAtMs,
      );
    },
    audit(change: AuditChange): void {
      const [seq, step] = [numberOf(change.messageId), steps.indexOf(change.step)];
      if (change.audit === 'shadow') answer.run(seq, step);
      audit.run(
        seq,
        step,
        auditKinds.indexOf(change.audit),
        labelSources.indexOf(change.source),
        change.wrong === null ? null : Number(change.wrong),
        change.missing,
        change.rate,
        change.confidence,
        change.threshold,
        change.fingerprint,
        change.policyVersion,
        change.reviewer,
        change.auditedAtMs,
      );
    },
    alarm(change: AlarmChange): void {
      alarm.run(
        numberOf(change.messageId),
        steps.indexOf(change.step),
        change.signal,
        change.policyVersion,
        change.statistic,
        change.level,
        change.labels,
        change.errors,
        change.allowed,
        change.response,
        change.raisedAtMs,
        change.sinceMs,
        change.labelSource === undefined ? null : labelSources.indexOf(change.labelSource),
      );
    },
  };
}

/** The report of what was audited in a span. */
export function auditReader(database: DatabaseSync) {
  const groups = database.prepare(
    `SELECT step, kind, source, rate, fingerprint, policy_version,
       count(wrong) AS labels, coalesce(sum(wrong), 0) AS errors, count(*) - count(wrong) AS missing,
       min(audited_at_ms) AS first_ms, max(audited_at_ms) AS last_ms
     FROM audits WHERE audited_at_ms >= ? AND audited_at_ms < ?
     GROUP BY step, kind, source, rate, fingerprint, policy_version
     ORDER BY step, first_ms, kind, source, rate, fingerprint, policy_version`,
  );
  const open = database.prepare(
    `SELECT step, count(*) AS requests FROM audit_requests
     WHERE answered = 0 AND requested_at_ms >= ? AND requested_at_ms < ? GROUP BY step ORDER BY step`,
  );
  const alarms = database.prepare(
    `SELECT * FROM alarms WHERE raised_at_ms >= ? AND raised_at_ms < ? ORDER BY raised_at_ms DESC, step`,
  );
  return ({ fromMs = 0, toMs = Number.MAX_SAFE_INTEGER }: SpanQuery): AuditReport =>
    auditReport(
      groups.all(fromMs, toMs) as unknown as readonly AuditGroupRow[],
      open.all(fromMs, toMs) as unknown as readonly OpenRow[],
      alarms.all(fromMs, toMs) as unknown as readonly AlarmRow[],
    );
}

/** The reads of what people are asked to label. A message that is not known yet waits for its receipt. */
export function openAuditReader(database: DatabaseSync) {
  const open = database.prepare(
    `SELECT a.number, a.step, a.requested_at_ms, m.id AS message_id, m.received_at_ms, c.conversation_id, c.channel,
       c.subject, c.text, c.locale, s.value AS draft
     FROM audit_requests a JOIN messages m ON m.seq = a.seq JOIN contents c ON c.seq = a.seq
       LEFT JOIN steps s ON s.seq = a.seq AND s.slot = ${DRAFT_SLOT} AND a.step = ${steps.indexOf('draft')}
     WHERE a.answered = 0 AND (a.requested_at_ms, a.number) > (?, ?)
     ORDER BY a.requested_at_ms, a.number LIMIT ?`,
  );
  return ({ cursor, limit }: { readonly cursor?: string; readonly limit: number }): Page<OpenAudit> => {
    const { atMs, number } = cursor === undefined ? beginning : decodeCursor('audits', cursor);
    const rows = open.all(atMs, number, limit + 1) as unknown as readonly OpenAuditRow[];
    return pageOf(rows, limit, openAudit, (row) =>
      encodeCursor('audits', { atMs: Number(row.requested_at_ms), number: Number(row.number) }),
    );
  };
}

const beginning = { atMs: Number.MIN_SAFE_INTEGER, number: 0 };
