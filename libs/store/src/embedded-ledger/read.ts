import type { DatabaseSync } from 'node:sqlite';
import type { Counts, ListQuery, MessageStatus, MessageView, Page, ReviewView } from '../ledger.js';
import type { AuditRequestRow, AuditRow } from '../ledger-audit-rows.js';
import { SETTLED, statuses } from '../ledger-codes.js';
import { decodeCursor, encodeCursor } from '../ledger-cursor.js';
import {
  type DeadLetterRow,
  type DecisionRow,
  type MessageRow,
  messageView,
  pageOf,
  type ReviewRow,
  reviewView,
  type WaitRow,
} from '../ledger-rows.js';
import type { StepRow } from '../ledger-step-rows.js';

const messageColumns = `
  m.seq AS number, m.id, m.status, m.received_at_ms, m.intent, m.queue, c.conversation_id, c.channel, c.customer, c.subject,
  c.text, c.locale, c.customer_facing, c.trace_id, r.outcome, r.tier, r.text AS reply, r.settled_at_ms
  FROM messages m JOIN contents c ON c.seq = m.seq LEFT JOIN replies r ON r.seq = m.seq`;
const reviewColumns = `
  v.number, v.id, m.id AS message_id, v.conversation_id, v.step, v.reasons, v.suggestion, v.requested_at_ms,
  v.decision, v.reviewer, v.decided_at_ms
  FROM reviews v JOIN messages m ON m.seq = v.seq`;

/** The reads of one message. */
export function messageReader(database: DatabaseSync) {
  const byId = database.prepare(`SELECT ${messageColumns} WHERE m.id = ?`);
  const stepRows = database.prepare('SELECT * FROM steps WHERE seq = ? ORDER BY slot');
  stepRows.setReadBigInts(true);
  const decisionRows = database.prepare('SELECT * FROM decisions WHERE seq = ? ORDER BY decided_at_ms, slot');
  const reviewRow = database.prepare(
    `SELECT ${reviewColumns} WHERE v.seq = ? AND v.requested_at_ms IS NOT NULL
     ORDER BY v.requested_at_ms DESC, v.number DESC LIMIT 1`,
  );
  const auditRows = database.prepare('SELECT * FROM audits WHERE seq = ? ORDER BY audited_at_ms, step, kind');
  const requestRows = database.prepare(
    'SELECT * FROM audit_requests WHERE seq = ? AND answered = 0 ORDER BY step',
  );
  const waitRows = database.prepare(
    'SELECT step, until_ms FROM waits WHERE seq = ? ORDER BY until_ms DESC, step',
  );
  const deadRows = database.prepare(
    `SELECT d.*, e.replayed_at_ms FROM dead_letters d
       LEFT JOIN event_replays e ON e.event_id = d.event_id AND e.consumer = d.consumer
     WHERE d.seq = ? ORDER BY d.failed_at_ms, d.event_id, d.consumer`,
  );

  const view = (row: MessageRow): MessageView =>
    messageView({
      message: row,
      steps: stepRows.all(row.number) as unknown as readonly StepRow[],
      decisions: decisionRows.all(row.number) as unknown as readonly DecisionRow[],
      review: reviewRow.get(row.number) as unknown as ReviewRow | undefined,
      waits: waitRows.all(row.number) as unknown as readonly WaitRow[],
      audits: auditRows.all(row.number) as unknown as readonly AuditRow[],
      auditRequests: requestRows.all(row.number) as unknown as readonly AuditRequestRow[],
      deadLetters: deadRows.all(row.number) as unknown as readonly DeadLetterRow[],
    });

  return {
    view,
    message(id: string): MessageView | undefined {
      const row = byId.get(id) as unknown as MessageRow | undefined;
      return row && view(row);
    },
  };
}

/** The list, newest first. The index that leads it follows from what is asked for. */
export function messageLister(database: DatabaseSync, view: (row: MessageRow) => MessageView) {
  const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  function prepared(filter: string) {
    let statement = statements.get(filter);
    if (statement === undefined) {
      statement = database.prepare(
        `SELECT ${messageColumns} WHERE ${filter} (m.received_at_ms, m.seq) < (?, ?)
         ORDER BY m.received_at_ms DESC, m.seq DESC LIMIT ?`,
      );
      statements.set(filter, statement);
    }
    return statement;
  }

  return ({ status, intent, cursor, limit }: ListQuery): Page<MessageView> => {
    const place = cursor === undefined ? end : decodeCursor('messages', cursor);
    const filter = `${statusFilter(status)} ${intent === undefined ? '' : 'm.intent = ? AND'}`;
    const parameters = [...(intent === undefined ? [] : [intent]), place.atMs, place.number, limit + 1];
    const rows = prepared(filter).all(...parameters) as unknown as readonly MessageRow[];
    return pageOf(rows, limit, view, (row) =>
      encodeCursor('messages', { atMs: Number(row.received_at_ms), number: Number(row.number) }),
    );
  };
}

/** The second half is what lets the index of unsettled messages be used. */
function statusFilter(status: MessageStatus | undefined): string {
  if (status === undefined) return '';
  const code = statuses.indexOf(status);
  return code === SETTLED ? `m.status = ${code} AND` : `m.status = ${code} AND m.status <> ${SETTLED} AND`;
}

const end = { atMs: Number.MAX_SAFE_INTEGER, number: Number.MAX_SAFE_INTEGER };

/** The reads of reviews. */
export function reviewReader(database: DatabaseSync) {
  const byId = database.prepare(`SELECT ${reviewColumns} WHERE v.id = ? AND v.requested_at_ms IS NOT NULL`);
  const open = database.prepare(
    `SELECT ${reviewColumns} WHERE v.requested_at_ms IS NOT NULL AND v.decided_at_ms IS NULL
       AND (v.requested_at_ms, v.number) > (?, ?)
     ORDER BY v.requested_at_ms, v.number LIMIT ?`,
  );
  return {
    review(id: string): ReviewView | undefined {
      const row = byId.get(id) as unknown as ReviewRow | undefined;
      return row && reviewView(row);
    },
    reviews({ cursor, limit }: { readonly cursor?: string; readonly limit: number }): Page<ReviewView> {
      const place =
        cursor === undefined ? { atMs: Number.MIN_SAFE_INTEGER, number: 0 } : decodeCursor('reviews', cursor);
      const rows = open.all(place.atMs, place.number, limit + 1) as unknown as readonly ReviewRow[];
      return pageOf(rows, limit, reviewView, (row) =>
        encodeCursor('reviews', { atMs: Number(row.requested_at_ms), number: Number(row.number) }),
      );
    },
  };
}

/** Counts without reading every message: all, less those that are not settled, which are few. */
export function counter(database: DatabaseSync) {
  const total = database.prepare('SELECT count(*) AS n FROM messages');
  const unknown = database.prepare('SELECT count(*) AS n FROM messages WHERE received_at_ms IS NULL');
  const unsettled = database.prepare(
    `SELECT status, count(*) AS n FROM messages
     WHERE status <> ${SETTLED} AND received_at_ms IS NOT NULL GROUP BY status`,
  );
  const dead = database.prepare('SELECT count(*) AS n FROM dead_letters');
  const numberOf = (statement: typeof total) => (statement.get() as { n: number }).n;
  return (): Counts => {
    const byStatus: Record<MessageStatus, number> = {
      received: 0,
      in_progress: 0,
      failed: 0,
      in_review: 0,
      settled: 0,
    };
    let settled = numberOf(total) - numberOf(unknown);
    for (const row of unsettled.all() as unknown as readonly { status: number; n: number }[]) {
      byStatus[statuses[row.status] as MessageStatus] = row.n;
      settled -= row.n;
    }
    return { byStatus: { ...byStatus, settled }, deadLetters: numberOf(dead) };
  };
}
