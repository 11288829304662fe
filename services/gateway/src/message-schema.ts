import { z } from 'zod';
import { exactSchema } from './exact.js';

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
  waiting: z
    .object({
      for: z.literal('budget'),
      step: step.describe('what the big model is asked for then'),
      until: time,
    })
    .nullable()
    .describe('why an `in_progress` message does not go on; null: it does'),
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
  labels_wanted: z
    .array(step)
    .describe('kept small answers that were drawn for the audit, and that a person is asked to label'),
  dead_letters: z.array(
    z.object({
      event_id: z.string(),
      group: z.string(),
      topic: z.string(),
      code: z.string(),
      detail: z.string(),
      failed_at: time,
      replays: z.int().describe('how often it was handled again before it failed this time'),
      replayed_at: time.nullable().describe('when it was last handled again; null: it never was'),
    }),
  ),
});
