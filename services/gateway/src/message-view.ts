import type {
  AuditView,
  MessageView,
  ReviewView,
  StepName,
  StepTier,
  StepValue,
  StepView,
} from '@spillway/store/ledger';
import { z } from 'zod';
import { exactOrNull, exactSchema } from './exact.js';
import { type Receipt, traceIdOfReceipt } from './receipt.js';

const tier = z.enum(['small', 'big', 'human']);
const stepTier = z
  .enum(['small', 'big', 'human', 'audit'])
  .describe('audit: the big model beside the traffic; its word changes nothing for the message');
const step = z.enum(['classify', 'extract', 'sentiment', 'draft', 'polish']);
const probability = z.number().min(0).max(1).nullable();
const nanos = exactSchema.nullable().describe('nano-dollars; null: unknown');
const time = z.string().meta({ format: 'date-time' });

export const statusSchema = z.enum(['received', 'in_progress', 'in_review', 'settled', 'failed']);

const value = z
  .union([
    z.object({
      label: z.string(),
      queue: z.string(),
      alternatives: z.array(z.object({ label: z.string(), probability: z.number() })),
    }),
    z.object({
      fields: z.array(
        z.object({
          name: z.string(),
          value: z.string(),
          confidence: z.number(),
          start: z.int().describe('first character, in UTF-16 code units'),
          end: z.int(),
        }),
      ),
    }),
    z.object({ mood: z.enum(['negative', 'neutral', 'positive']) }),
    z.object({ text: z.string(), macro_id: z.string().nullable(), missing_fields: z.array(z.string()) }),
    z.object({ text: z.string() }),
  ])
  .nullable();

const result = z.object({
  value: value.describe('null: the step failed'),
  confidence: probability.describe('calibrated; null: the endpoint gave no signal'),
  model: z.string().nullable(),
  tier: stepTier,
  embedded: z.boolean().describe('a model in this process, which is no language model'),
  cost_nanos: nanos,
  latency_ms: z.number(),
  usage: z
    .object({
      input_tokens: z.int(),
      cached_input_tokens: z.int(),
      output_tokens: z.int(),
      reasoning_tokens: z.int(),
      estimated: z.boolean(),
    })
    .nullable(),
  failure: z.object({ code: z.string(), detail: z.string() }).nullable(),
  completed_at: time,
});

const headSchema = z.object({
  id: z.string(),
  conversation_id: z.string(),
  channel: z.string(),
  customer: z.string(),
  subject: z.string(),
  status: statusSchema,
  intent: z.string().nullable(),
  queue: z.string().nullable(),
  outcome: z.enum(['replied', 'closed']).nullable(),
  reply: z.object({ text: z.string(), by: tier }).nullable(),
  cost_nanos: nanos,
  baseline_nanos: nanos.describe('the same message on the big model for every step'),
  projected_cost_nanos: nanos.describe('with the reference models in the place of embedded ones'),
  estimated: z.boolean().describe('token counts in the baseline or the projection are estimates'),
  trace_id: z.string(),
  received_at: time,
  settled_at: time.nullable(),
});

/** A message in `GET /v1/messages`. */
export const messageListSchema = z.object({ items: z.array(headSchema), next_cursor: z.string().nullable() });

/** The answer of `GET /v1/messages/{id}`. */
export const messageViewSchema = headSchema.extend({
  text: z.string().nullable(),
  locale: z.string(),
  steps: z
    .partialRecord(
      step,
      result.extend({
        earlier: z.array(result).describe('what this result took the place of, and the audit'),
      }),
    )
    .describe('the result that counts, by step'),
  decisions: z.array(
    z.object({
      step,
      tier,
      verdict: z.enum(['accept', 'escalate', 'hold']),
      reasons: z.array(z.string()),
      confidence: probability,
      threshold: probability,
      policy_version: z.string(),
      decided_at: time,
    }),
  ),
  review: z
    .object({
      id: z.string(),
      step,
      reasons: z.array(z.string()),
      requested_at: time,
      decision: z.enum(['approve', 'edit', 'reject']).nullable(),
      reviewer: z.string().nullable(),
    })
    .nullable(),
  audits: z
    .array(
      z.object({
        step,
        kind: z.enum(['shadow', 'escalated', 'person']),
        label_source: z.enum(['truth', 'agreement']).describe('people’s word, or the big model’s'),
        wrong: z.boolean().nullable().describe('null: no label came'),
        missing: z.string().nullable().describe('why none came'),
        rate: z.number().describe('chance with which the message was drawn; 0: it was picked'),
        confidence: probability.describe('of the small model’s answer'),
        threshold: probability,
        fingerprint: z.string(),
        policy_version: z.string(),
        audited_at: time,
      }),
    )
    .describe('small answers that were held against another’s word'),
  dead_letters: z.array(
    z.object({
      event_id: z.string(),
      group: z.string(),
      topic: z.string(),
      code: z.string(),
      detail: z.string(),
      failed_at: time,
    }),
  ),
});

const iso = (ms: number): string => new Date(ms).toISOString();

/** A message without its steps, as lists show it. */
export function headOf(view: MessageView): object {
  return {
    id: view.id,
    conversation_id: view.conversationId,
    channel: view.channel,
    customer: view.customer,
    subject: view.subject,
    status: view.status,
    intent: view.intent,
    queue: view.queue,
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

/** All that is known of a message. */
export function messageJson(view: MessageView): object {
  return {
    ...headOf(view),
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
    dead_letters: view.deadLetters.map((letter) => ({
      event_id: letter.eventId,
      group: letter.group,
      topic: letter.topic,
      code: letter.code,
      detail: letter.detail,
      failed_at: iso(letter.failedAtMs),
    })),
  };
}

/** A message that was taken in, and that the ledger has not read yet. */
export function receivedJson(receipt: Receipt): object {
  return messageJson({
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
    audits: [],
    deadLetters: [],
    costNanos: 0n,
    baselineNanos: null,
    projectedNanos: null,
    estimated: false,
    traceId: traceIdOfReceipt(receipt),
    receivedAtMs: receipt.receivedAtMs,
    settledAtMs: null,
  });
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
