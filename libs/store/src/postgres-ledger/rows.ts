import type {
  AlarmChange,
  AuditChange,
  AuditRequestChange,
  DeadLetterChange,
  DecisionChange,
  LedgerChange,
  ReceivedChange,
  ReplayChange,
  ReviewDecidedChange,
  ReviewRequestedChange,
  SettledChange,
  StepChange,
  WaitChange,
} from '../ledger-change.js';
import { IN_PROGRESS, SETTLED, slotOf, sources, steps, tiers, verdicts } from '../ledger-codes.js';
import { storedResult } from '../ledger-step-rows.js';
import { alarmRow, auditRequestRow, auditRow } from './audits.js';
import { addDeadLetter, addReplay } from './dead-letter-rows.js';
import { type Month, monthOf } from './month.js';
import { type MonthRows, noRows, note, put, putHighest, type Row, storedOrNull } from './month-rows.js';
import { storedText } from './stored-text.js';

/** The rows of a batch, month by month, the earliest first. */
export function rowsByMonth(changes: readonly LedgerChange[]): readonly MonthRows[] {
  const months = new Map<Month, MonthRows>();
  for (const change of changes) {
    const month = monthOf(change.messageId ?? (change as DeadLetterChange | ReplayChange).eventId);
    let rows = months.get(month);
    if (rows === undefined) {
      rows = noRows(month);
      months.set(month, rows);
    }
    adderOf(change)(rows, change);
  }
  return [...months.values()].sort((one, other) => one.month - other.month);
}

function addReceived(rows: MonthRows, change: ReceivedChange): void {
  const message = note(rows, change.messageId, 0);
  message.received_at_ms ??= change.receivedAtMs;
  put(rows.contents, message.id, () => ({
    message_id: message.id,
    conversation_id: storedText(change.conversationId),
    channel: storedText(change.channel),
    customer: storedText(change.customer),
    subject: storedText(change.subject),
    text: storedText(change.text),
    locale: storedText(change.locale),
    customer_facing: change.customerFacing,
    trace_id: storedText(change.traceId),
  }));
}

function addStep(rows: MonthRows, change: StepChange): void {
  const { id } = note(rows, change.messageId, IN_PROGRESS);
  const slot = slotOf(change.step, change.tier);
  put(rows.steps, `${slot} ${id}`, () => stepRow(id, slot, change));
}

function stepRow(id: string, slot: number, { tier, completedAtMs, call, detail }: StepChange): Row {
  const { usage, failure, value } = detail;
  // An audit's word comes after the message has gone on without it.
  const classification = value?.kind === 'classification' && tier !== 'audit' ? value : undefined;
  return {
    message_id: id,
    slot,
    completed_at_ms: completedAtMs,
    model: storedOrNull(call?.model),
    embedded: call?.embedded ?? false,
    cost: nanos(call?.costNanos),
    baseline: nanos(call?.baselineNanos),
    projected: nanos(call?.projectedNanos),
    polish: nanos(call?.polishNanos),
    input_tokens: usage?.inputTokens ?? null,
    cached_input_tokens: usage?.cachedInputTokens ?? null,
    output_tokens: usage?.outputTokens ?? null,
    reasoning_tokens: usage?.reasoningTokens ?? null,
    estimated: usage?.estimated ?? false,
    confidence: detail.confidence,
    raw_confidence: detail.rawConfidence,
    confidence_source: sources.indexOf(detail.confidenceSource),
    latency_ms: detail.latencyMs,
    attempts: detail.attempts,
    failure_code: storedOrNull(failure?.code),
    failure_detail: storedOrNull(failure?.detail),
    value: storedOrNull(storedResult(detail)),
    label: storedOrNull(classification?.label),
    queue: storedOrNull(classification?.queue),
  };
}

const nanos = (amount: bigint | null | undefined): string | null => amount?.toString() ?? null;

/** Says nothing of where its message stands, so the row of the message need not be looked up and held. */
function addDecision(rows: MonthRows, change: DecisionChange): void {
  const id = storedText(change.messageId);
  const slot = slotOf(change.step, change.tier);
  put(rows.decisions, `${slot} ${id}`, () => ({
    message_id: id,
    slot,
    verdict: verdicts.indexOf(change.verdict),
    confidence: change.confidence,
    threshold: change.threshold,
    reasons: storedText(JSON.stringify(change.reasons)),
    policy_version: storedText(change.policyVersion),
    decided_at_ms: change.decidedAtMs,
  }));
}

function addSettled(rows: MonthRows, change: SettledChange): void {
  const { id } = note(rows, change.messageId, SETTLED);
  put(rows.replies, id, () => ({
    message_id: id,
    outcome: change.outcome,
    tier: tiers.indexOf(change.replyBy),
    text: storedText(change.reply),
    settled_at_ms: change.settledAtMs,
  }));
}

/** A request and its decision may share a batch, and then share a row. */
function addToReview(
  rows: MonthRows,
  change: ReviewRequestedChange | ReviewDecidedChange,
  part: 'requested_at_ms' | 'decided_at_ms',
  columns: Row,
): void {
  const { id } = note(rows, change.messageId, IN_PROGRESS);
  const key = storedText(change.reviewId);
  const conversationId = storedText(change.conversationId);
  const row = rows.reviews.get(key) ?? { id: key, message_id: id, conversation_id: conversationId };
  if (row[part] === undefined) rows.reviews.set(key, { ...row, ...columns });
}

const addRequest = (rows: MonthRows, change: ReviewRequestedChange): void =>
  addToReview(rows, change, 'requested_at_ms', {
    step: steps.indexOf(change.step),
    reasons: storedText(JSON.stringify(change.reasons)),
    suggestion: storedOrNull(change.suggestion),
    requested_at_ms: change.requestedAtMs,
  });

const addReviewDecision = (rows: MonthRows, change: ReviewDecidedChange): void =>
  addToReview(rows, change, 'decided_at_ms', {
    decision: change.decision,
    reviewer: storedText(change.reviewer),
    decided_at_ms: change.decidedAtMs,
  });

function addAudit(rows: MonthRows, change: AuditChange): void {
  const { id } = note(rows, change.messageId, 0);
  put(rows.audits, `${change.step} ${change.audit} ${id}`, () => auditRow(id, change));
}

function addAuditRequest(rows: MonthRows, change: AuditRequestChange): void {
  const { id } = note(rows, change.messageId, 0);
  put(rows.auditRequests, `${change.step} ${id}`, () => auditRequestRow(id, change));
}

function addWait(rows: MonthRows, { messageId, step, untilMs }: WaitChange): void {
  const { id } = note(rows, messageId, IN_PROGRESS);
  const row = { message_id: id, step: steps.indexOf(step), until_ms: untilMs };
  putHighest(rows.waits, `${step} ${id}`, 'until_ms', row);
}

function addAlarm(rows: MonthRows, change: AlarmChange): void {
  const { id } = note(rows, change.messageId, 0);
  put(rows.alarms, `${change.step} ${change.signal} ${id}`, () => alarmRow(id, change));
}

type Kind = LedgerChange['kind'];
type Adder<K extends Kind> = (rows: MonthRows, change: Extract<LedgerChange, { kind: K }>) => void;

const adders: { readonly [K in Kind]: Adder<K> } = {
  received: addReceived,
  step: addStep,
  decision: addDecision,
  settled: addSettled,
  'review-requested': addRequest,
  'review-decided': addReviewDecision,
  wait: addWait,
  'audit-request': addAuditRequest,
  audit: addAudit,
  alarm: addAlarm,
  'dead-letter': addDeadLetter,
  replay: addReplay,
};
const adderOf = (change: LedgerChange) => adders[change.kind] as Adder<Kind>;
