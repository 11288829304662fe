import type {
  AuditView,
  MessageView,
  ReviewView,
  StepName,
  StepTier,
  StepValue,
  StepView,
} from '@spillway/store/ledger';
import { exactOrNull } from './exact.js';
import { type Receipt, traceIdOfReceipt } from './receipt.js';

const iso = (ms: number): string => new Date(ms).toISOString();

/** A message without its steps, as lists show it. `nowMs`, milliseconds since the epoch, tells what is still waited for. */
export function headOf(view: MessageView, nowMs: number): object {
  return {
    id: view.id,
    conversation_id: view.conversationId,
    channel: view.channel,
    customer: view.customer,
    subject: view.subject,
    status: view.status,
    intent: view.intent,
    queue: view.queue,
    waiting: waitingOf(view.waiting, nowMs),
    outcome: view.outcome,
    reply: view.reply,
    cost_nanos: exactOrNull(view.costNanos),
    baseline_nanos: exactOrNull(view.baselineNanos),
    projected_cost_nanos: exactOrNull(view.projectedNanos),
    estimated: view.estimated,
    trace_id: view.traceId,
    received_at: iso(view.receivedAtMs),
    settled_at: view.settledAtMs === null ? null : iso(view.settledAtMs),
  };
}

/** From then on the message waits for its model. */
const waitingOf = (waiting: MessageView['waiting'], nowMs: number): object | null =>
  waiting === null || waiting.untilMs <= nowMs
    ? null
    : { for: 'budget', step: waiting.step, until: iso(waiting.untilMs) };

/** All that is known of a message. */
export function messageJson(view: MessageView, nowMs: number): object {
  return {
    ...headOf(view, nowMs),
    text: view.text,
    locale: view.locale,
    steps: stepsOf(view.steps),
    decisions: view.decisions.map((decision) => ({
      step: decision.step,
      tier: decision.tier,
      verdict: decision.verdict,
      reasons: decision.reasons,
      confidence: decision.confidence,
      threshold: decision.threshold,
      policy_version: decision.policyVersion,
      decided_at: iso(decision.decidedAtMs),
    })),
    review: view.review === null ? null : reviewOf(view.review),
    audits: view.audits.map(auditOf),
    labels_wanted: view.openAudits.map(({ step }) => step),
    dead_letters: view.deadLetters.map((letter) => ({
      event_id: letter.eventId,
      group: letter.group,
      topic: letter.topic,
      code: letter.code,
      detail: letter.detail,
      failed_at: iso(letter.failedAtMs),
      replays: letter.replays,
      replayed_at: letter.replayedAtMs === null ? null : iso(letter.replayedAtMs),
    })),
  };
}

/** A message that was taken in, and that the ledger has not read yet. */
export function receivedJson(receipt: Receipt): object {
  const view: MessageView = {
    id: receipt.id,
    conversationId: receipt.conversationId,
    channel: receipt.channel,
    customer: '',
    subject: '',
    text: '',
    locale: '',
    customerFacing: null,
    status: 'received',
    intent: null,
    queue: null,
    steps: [],
    decisions: [],
    reply: null,
    outcome: null,
    review: null,
    waiting: null,
    audits: [],
    openAudits: [],
    deadLetters: [],
    costNanos: 0n,
    baselineNanos: null,
    projectedNanos: null,
    estimated: false,
    traceId: traceIdOfReceipt(receipt),
    receivedAtMs: receipt.receivedAtMs,
    settledAtMs: null,
  };
  return messageJson(view, receipt.receivedAtMs);
}

const ranks: Readonly<Record<StepTier, number>> = { human: 3, big: 2, small: 1, audit: 0 };

/** The result that counts first: one with a value before one without, then by tier. */
const counting = (one: StepView, other: StepView): number =>
  Number(other.value !== null) - Number(one.value !== null) || ranks[other.tier] - ranks[one.tier];

function stepsOf(steps: readonly StepView[]): object {
  const names = [...new Set(steps.map((view) => view.step))];
  return Object.fromEntries(names.map((name) => [name, stepOf(name, steps)]));
}

function stepOf(name: StepName, steps: readonly StepView[]): object {
  const [first, ...earlier] = steps.filter((view) => view.step === name).sort(counting);
  return { ...resultOf(first as StepView), earlier: earlier.map(resultOf) };
}

function resultOf(view: StepView): object {
  return {
    value: view.value === null ? null : foundBy(view.value),
    confidence: view.confidence,
    model: view.model,
    tier: view.tier,
    embedded: view.embedded,
    cost_nanos: exactOrNull(view.costNanos),
    latency_ms: view.latencyMs,
    usage:
      view.usage === null
        ? null
        : {
            input_tokens: view.usage.inputTokens,
            cached_input_tokens: view.usage.cachedInputTokens,
            output_tokens: view.usage.outputTokens,
            reasoning_tokens: view.usage.reasoningTokens,
            estimated: view.usage.estimated,
          },
    failure: view.failure,
    completed_at: iso(view.completedAtMs),
  };
}

const auditOf = (audit: AuditView): object => ({
  step: audit.step,
  kind: audit.audit,
  label_source: audit.source,
  wrong: audit.wrong,
  missing: audit.missing,
  rate: audit.rate,
  confidence: audit.confidence,
  threshold: audit.threshold,
  fingerprint: audit.fingerprint,
  policy_version: audit.policyVersion,
  audited_at: iso(audit.auditedAtMs),
});

function foundBy(value: StepValue): object {
  if (value.kind === 'draft') {
    return { text: value.text, macro_id: value.macroId, missing_fields: value.missingFields };
  }
  const { kind: _, ...rest } = value;
  return rest;
}

function reviewOf(review: ReviewView): object {
  return {
    id: review.id,
    step: review.step,
    reasons: review.reasons,
    requested_at: iso(review.requestedAtMs),
    decision: review.decided?.decision ?? null,
    reviewer: review.decided?.reviewer ?? null,
  };
}
