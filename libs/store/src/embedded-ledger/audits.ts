import type { DatabaseSync } from 'node:sqlite';
import type { AuditReport, SpanQuery } from '../ledger.js';
import { type AlarmRow, type AuditGroupRow, auditReport } from '../ledger-audit-rows.js';
import type { AlarmChange, AuditChange } from '../ledger-change.js';
import { auditKinds, labelSources, steps } from '../ledger-codes.js';

/** Writes audits and alarms, of messages by their number. Replays change nothing. */
export function auditWriters(database: DatabaseSync, numberOf: (messageId: string) => number) {
  const audit = database.prepare(
    `INSERT INTO audits VALUES (${new Array(13).fill('?').join(', ')}) ON CONFLICT DO NOTHING`,
  );
  const alarm = database.prepare(
    `INSERT INTO alarms VALUES (${new Array(12).fill('?').join(', ')}) ON CONFLICT DO NOTHING`,
  );
  return {
    audit(change: AuditChange): void {
      audit.run(
        numberOf(change.messageId),
        steps.indexOf(change.step),
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
  const alarms = database.prepare(
    `SELECT * FROM alarms WHERE raised_at_ms >= ? AND raised_at_ms < ? ORDER BY raised_at_ms DESC, step`,
  );
  return ({ fromMs = 0, toMs = Number.MAX_SAFE_INTEGER }: SpanQuery): AuditReport =>
    auditReport(
      groups.all(fromMs, toMs) as unknown as readonly AuditGroupRow[],
      alarms.all(fromMs, toMs) as unknown as readonly AlarmRow[],
    );
}
