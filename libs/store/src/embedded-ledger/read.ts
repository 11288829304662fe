import type { DatabaseSync } from 'node:sqlite';
import type {
  Counts,
  DeadLetterView,
  DecisionName,
  DecisionView,
  ListQuery,
  MessageStatus,
  MessageView,
  OutcomeName,
  Page,
  ReviewView,
  StepValue,
  StepView,
  UsageView,
} from '../ledger.js';
import { type BilledStep, billOf } from '../ledger-bill.js';
import { decodeCursor, encodeCursor } from '../ledger-cursor.js';
import { SETTLED, sources, statuses, stepOf, steps, tierOf, tiers, verdicts } from './schema.js';

interface MessageRow {
  seq: number;
  id: string;
  status: number;
  received_at_ms: number;
  intent: string | null;
  queue: string | null;
  conversation_id: string;
  channel: string;
  customer: string;
  subject: string;
  text: string;
  locale: string;
  customer_facing: number | null;
  trace_id: string;
  outcome: OutcomeName | null;
  tier: number | null;
  reply: string | null;
  settled_at_ms: number | null;
}

/** Read with big integers: everything numeric is one. */
interface StepRow {
  slot: bigint;
  completed_at_ms: bigint;
  model: string | null;
  embedded: bigint;
  cost: bigint | null;
  baseline: bigint | null;
  projected: bigint | null;
  polish: bigint | null;
  input_tokens: bigint | null;
  cached_input_tokens: bigint;
  output_tokens: bigint;
  reasoning_tokens: bigint;
  estimated: bigint;
  confidence: number | null;
  raw_confidence: number | null;
  confidence_source: bigint;
  latency_ms: number;
  attempts: bigint;
  failure_code: string | null;
  failure_detail: string | null;
  value: string | null;
}

interface DecisionRow {
  slot: number;
  verdict: number;
  confidence: number | null;
  threshold: number | null;
  reasons: string;
  policy_version: string;
  decided_at_ms: number;
}

interface ReviewRow {
  number: number;
  id: string;
  message_id: string;
  conversation_id: string;
  step: number;
  reasons: string;
  suggestion: string | null;
  requested_at_ms: number;
  decision: DecisionName | null;
  reviewer: string | null;
  decided_at_ms: number | null;
}

const messageColumns = `
  m.seq, m.id, m.status, m.received_at_ms, m.intent, m.queue, c.conversation_id, c.channel, c.customer, c.subject,
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
  const deadRows = database.prepare(
    `SELECT event_id AS eventId, consumer AS "group", topic, code, detail, failed_at_ms AS failedAtMs
     FROM dead_letters WHERE seq = ? ORDER BY failed_at_ms, event_id`,
  );

  function view(row: MessageRow): MessageView {
    const parts = stepRows.all(row.seq) as unknown as readonly StepRow[];
    const review = reviewRow.get(row.seq) as unknown as ReviewRow | undefined;
    return {
      id: row.id,
      conversationId: row.conversation_id,
      channel: row.channel,
      customer: row.customer,
      subject: row.subject,
      text: row.text,
      locale: row.locale,
      customerFacing: row.customer_facing === null ? null : row.customer_facing === 1,
      status: statuses[row.status] as MessageStatus,
      intent: row.intent,
      queue: row.queue,
      steps: parts.map(stepView).sort((one, other) => one.completedAtMs - other.completedAtMs),
      decisions: (decisionRows.all(row.seq) as unknown as readonly DecisionRow[]).map(decisionView),
      reply: replyOf(row),
      outcome: row.outcome,
      review: review === undefined ? null : reviewView(review),
      deadLetters: (deadRows.all(row.seq) as unknown as readonly DeadLetterView[]).map((dead) => ({
        ...dead,
      })),
      ...billOf(parts.map(billedStep), row.status === SETTLED),
      traceId: row.trace_id,
      receivedAtMs: row.received_at_ms,
      settledAtMs: row.settled_at_ms,
    };
  }

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
      encodeCursor('messages', { atMs: row.received_at_ms, number: row.seq }),
    );
  };
}

/** The second half is what lets the index of unsettled messages be used. */
function statusFilter(status: MessageStatus | undefined): string {
  if (status === undefined) return '';
  const code = statuses.indexOf(status);
  return code === SETTLED ? `m.status = ${code} AND` : `m.status = ${code} AND m.status <> ${SETTLED} AND`;
}

/** One row more than `limit` was read: it says whether another page follows. */
function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  view: (row: R) => T,
  cursorOf: (row: R) => string,
): Page<T> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit).map(view), nextCursor: last === undefined ? null : cursorOf(last) };
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
        encodeCursor('reviews', { atMs: row.requested_at_ms, number: row.number }),
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

function stepView(row: StepRow): StepView {
  return {
    step: stepOf(Number(row.slot)),
    tier: tierOf(Number(row.slot)),
    model: row.model,
    embedded: row.embedded === 1n,
    costNanos: row.model === null ? 0n : row.cost,
    completedAtMs: Number(row.completed_at_ms),
    value: row.value === null ? null : (JSON.parse(row.value) as StepValue),
    confidence: row.confidence,
    rawConfidence: row.raw_confidence,
    confidenceSource: sources[Number(row.confidence_source)] as StepView['confidenceSource'],
    usage: usageView(row),
    latencyMs: row.latency_ms,
    attempts: Number(row.attempts),
    failure: row.failure_code === null ? null : { code: row.failure_code, detail: row.failure_detail ?? '' },
  };
}

const usageView = (row: StepRow): UsageView | null =>
  row.input_tokens === null
    ? null
    : {
        inputTokens: Number(row.input_tokens),
        cachedInputTokens: Number(row.cached_input_tokens),
        outputTokens: Number(row.output_tokens),
        reasoningTokens: Number(row.reasoning_tokens),
        estimated: row.estimated === 1n,
      };

const billedStep = (row: StepRow): BilledStep => ({
  step: stepOf(Number(row.slot)),
  tier: tierOf(Number(row.slot)),
  model: row.model,
  hasUsage: row.input_tokens !== null,
  estimated: row.estimated === 1n,
  cost: row.cost,
  baseline: row.baseline,
  projected: row.projected,
  polish: row.polish,
});

const decisionView = (row: DecisionRow): DecisionView => ({
  step: stepOf(row.slot),
  tier: tierOf(row.slot),
  verdict: verdicts[row.verdict] as DecisionView['verdict'],
  reasons: JSON.parse(row.reasons) as readonly string[],
  confidence: row.confidence,
  threshold: row.threshold,
  policyVersion: row.policy_version,
  decidedAtMs: row.decided_at_ms,
});

const reviewView = (row: ReviewRow): ReviewView => ({
  id: row.id,
  messageId: row.message_id,
  conversationId: row.conversation_id,
  step: steps[row.step] as ReviewView['step'],
  reasons: JSON.parse(row.reasons) as readonly string[],
  suggestion: row.suggestion,
  requestedAtMs: row.requested_at_ms,
  decided:
    row.decision === null
      ? null
      : { decision: row.decision, reviewer: row.reviewer ?? '', atMs: row.decided_at_ms ?? 0 },
});

const replyOf = (row: MessageRow): MessageView['reply'] =>
  row.outcome !== 'replied'
    ? null
    : { text: row.reply ?? '', by: tiers[row.tier ?? 0] as (typeof tiers)[number] };
