import type {
  DeadLetterView,
  DecisionName,
  DecisionView,
  MessageStatus,
  MessageView,
  OutcomeName,
  Page,
  ReviewView,
  StepView,
  TierName,
} from './ledger.js';
import { type AuditRequestRow, type AuditRow, auditRequestView, auditView } from './ledger-audit-rows.js';
import { billOf } from './ledger-bill.js';
import {
  IN_PROGRESS,
  SETTLED,
  slotOf,
  statuses,
  stepOf,
  steps,
  tierOf,
  tiers,
  verdicts,
} from './ledger-codes.js';
import { billedStep, type StepRow, stepView } from './ledger-step-rows.js';

/** A whole number as a driver reads it; money is always a bigint. */
type Whole = number | bigint;

export interface MessageRow {
  /** Tells apart messages of one millisecond. */
  readonly number: Whole;
  readonly id: string;
  readonly status: number;
  readonly received_at_ms: Whole;
  readonly intent: string | null;
  readonly queue: string | null;
  readonly conversation_id: string;
  readonly channel: string;
  readonly customer: string;
  readonly subject: string;
  readonly text: string;
  readonly locale: string;
  readonly customer_facing: number | boolean | null;
  readonly trace_id: string;
  readonly outcome: OutcomeName | null;
  readonly tier: number | null;
  readonly reply: string | null;
  readonly settled_at_ms: Whole | null;
}

export interface DecisionRow {
  readonly slot: number;
  readonly verdict: number;
  readonly confidence: number | null;
  readonly threshold: number | null;
  /** JSON. */
  readonly reasons: string;
  readonly policy_version: string;
  readonly decided_at_ms: Whole;
}

export interface ReviewRow {
  readonly number: Whole;
  readonly id: string;
  readonly message_id: string;
  readonly conversation_id: string;
  readonly step: number;
  /** JSON. */
  readonly reasons: string;
  readonly suggestion: string | null;
  readonly requested_at_ms: Whole;
  readonly decision: DecisionName | null;
  readonly reviewer: string | null;
  readonly decided_at_ms: Whole | null;
}

export interface WaitRow {
  readonly step: Whole;
  readonly until_ms: Whole;
}

export interface DeadLetterRow {
  readonly event_id: string;
  readonly consumer: string;
  readonly topic: string;
  readonly code: string;
  readonly detail: string;
  readonly failed_at_ms: Whole;
  readonly replays: Whole;
  readonly replayed_at_ms: Whole | null;
}

/** All rows of one message. */
export interface MessageRows {
  readonly message: MessageRow;
  /** By slot. */
  readonly steps: readonly StepRow[];
  /** In the order in which they were made. */
  readonly decisions: readonly DecisionRow[];
  readonly review: ReviewRow | undefined;
  /** The longest first. */
  readonly waits: readonly WaitRow[];
  /** The oldest first. */
  readonly audits: readonly AuditRow[];
  /** Those that are open, by step. */
  readonly auditRequests: readonly AuditRequestRow[];
  /** The oldest first. */
  readonly deadLetters: readonly DeadLetterRow[];
}

/** The view of one message. */
export function messageView(rows: MessageRows): MessageView {
  const { message, steps: parts, decisions, review, audits, auditRequests, deadLetters } = rows;
  return {
    id: message.id,
    conversationId: message.conversation_id,
    channel: message.channel,
    customer: message.customer,
    subject: message.subject,
    text: message.text,
    locale: message.locale,
    customerFacing: message.customer_facing === null ? null : Boolean(message.customer_facing),
    status: statuses[message.status] as MessageStatus,
    intent: message.intent,
    queue: message.queue,
    steps: parts.map(stepView).sort((one, other) => one.completedAtMs - other.completedAtMs),
    decisions: decisions.map(decisionView),
    reply: replyOf(message),
    outcome: message.outcome,
    review: review === undefined ? null : reviewView(review),
    waiting: waitingOf(rows),
    audits: audits.map(auditView),
    openAudits: auditRequests.map(auditRequestView),
    deadLetters: deadLetters.map(deadLetterView),
    ...billOf(parts.map(billedStep), message.status === SETTLED),
    traceId: message.trace_id,
    receivedAtMs: Number(message.received_at_ms),
    settledAtMs: message.settled_at_ms === null ? null : Number(message.settled_at_ms),
  };
}

/** The big model's answer ends the wait for it, and a review ends all waits: what was not asked by then never is. */
function waitingOf({ message, decisions, review, waits }: MessageRows): MessageView['waiting'] {
  if (message.status !== IN_PROGRESS || review !== undefined) return null;
  const answered = new Set(decisions.map(({ slot }) => slot));
  const open = waits
    .map(({ step, until_ms }) => ({
      step: steps[Number(step)] as StepView['step'],
      untilMs: Number(until_ms),
    }))
    .find(({ step }) => !answered.has(slotOf(step, 'big')));
  return open ?? null;
}

/** The view of one review. */
export const reviewView = (row: ReviewRow): ReviewView => ({
  id: row.id,
  messageId: row.message_id,
  conversationId: row.conversation_id,
  step: steps[row.step] as ReviewView['step'],
  reasons: JSON.parse(row.reasons) as readonly string[],
  suggestion: row.suggestion,
  requestedAtMs: Number(row.requested_at_ms),
  decided:
    row.decision === null
      ? null
      : { decision: row.decision, reviewer: row.reviewer ?? '', atMs: Number(row.decided_at_ms) },
});

/** A page out of rows of which one more than `limit` was read: it says whether another page follows. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  view: (row: R) => T,
  cursorOf: (row: R) => string,
): Page<T> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit).map(view), nextCursor: last === undefined ? null : cursorOf(last) };
}

const decisionView = (row: DecisionRow): DecisionView => ({
  step: stepOf(row.slot),
  tier: tierOf(row.slot) as TierName,
  verdict: verdicts[row.verdict] as DecisionView['verdict'],
  reasons: JSON.parse(row.reasons) as readonly string[],
  confidence: row.confidence,
  threshold: row.threshold,
  policyVersion: row.policy_version,
  decidedAtMs: Number(row.decided_at_ms),
});

const deadLetterView = (row: DeadLetterRow): DeadLetterView => ({
  eventId: row.event_id,
  group: row.consumer,
  topic: row.topic,
  code: row.code,
  detail: row.detail,
  failedAtMs: Number(row.failed_at_ms),
  replays: Number(row.replays),
  replayedAtMs: row.replayed_at_ms === null ? null : Number(row.replayed_at_ms),
});

const replyOf = (row: MessageRow): MessageView['reply'] =>
  row.outcome !== 'replied' ? null : { text: row.reply ?? '', by: tiers[row.tier ?? 0] as TierName };
