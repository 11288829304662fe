import { inOrder } from '@spillway/http/check';
import type { Bill, ModelSavings, Money, Savings, SpanQuery, StepSavings } from '@spillway/store/ledger';
import { z } from 'zod';
import { exact, exactSchema } from './exact.js';

/** Milliseconds of an ISO 8601 date (its first moment, UTC) or of a moment with its offset. */
const moment = z
  .union(
    [z.iso.date(), z.iso.datetime({ offset: true })],
    'must be a date or a moment, such as 2026-11-24 or 2026-11-24T08:00:00Z',
  )
  .transform((text) => Date.parse(text));

/** The query of `GET /v1/savings`. */
export const savingsQuerySchema = z
  .strictObject({
    from: moment.optional().describe('first moment of receipt; a date means its midnight, UTC'),
    to: moment.optional().describe('moment of receipt that is no longer counted'),
  })
  .check(inOrder(['from', 'must not be after `to`'], ['to', 'must not be before `from`']));

const money = z.object({
  nanos: exactSchema.nullable().describe('nano-dollars; null: some parts have no known price'),
  known_nanos: exactSchema.describe('the parts whose price is known'),
  unpriced: z.int().describe('parts whose price is unknown'),
});
const bill = z.object({
  cost: money.describe('what was spent'),
  baseline: money.describe('the same messages on the big model for every step'),
  saved_nanos: exactSchema.nullable(),
  projected: money.describe('a projection: the reference models in the place of embedded ones'),
  projected_saved_nanos: exactSchema.nullable(),
});
const counts = { calls: z.int(), failures: z.int(), escalated: z.int(), held: z.int() };
const tier = z.enum(['small', 'big', 'human', 'audit']);

/** The answer of `GET /v1/savings`. */
export const savingsSchema = bill.extend({
  from: z.string().nullable(),
  to: z.string().nullable(),
  messages: z.int(),
  settled: z.int(),
  in_review: z.int(),
  failed: z.int(),
  escalated_messages: z.int().describe('messages with a call to the big model'),
  escalation_rate: z.number().nullable().describe('share of messages with a call to the big model'),
  calls: z.int(),
  estimated: z.boolean().describe('token counts in the baseline or the projection are estimates'),
  steps: z.array(
    bill.extend({
      step: z.enum(['classify', 'extract', 'sentiment', 'draft', 'polish']),
      ...counts,
      kept_small: z.int(),
      messages: z.int(),
      big_messages: z.int(),
      models: z.array(
        bill.extend({
          model: z.string().nullable(),
          tier: tier.nullable(),
          embedded: z.boolean(),
          ...counts,
          accepted: z.int(),
        }),
      ),
    }),
  ),
});

/** The bill of a span of time; `query` is what was asked for. */
export function savingsJson(savings: Savings, query: SpanQuery): object {
  return {
    from: isoOrNull(query.fromMs),
    to: isoOrNull(query.toMs),
    messages: savings.messages,
    settled: savings.settled,
    in_review: savings.inReview,
    failed: savings.failed,
    escalated_messages: savings.escalatedMessages,
    escalation_rate: savings.messages === 0 ? null : savings.escalatedMessages / savings.messages,
    calls: savings.calls,
    ...billJson(savings),
    estimated: savings.estimated,
    steps: savings.steps.map(stepJson),
  };
}

const isoOrNull = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();

function stepJson(step: StepSavings): object {
  return {
    step: step.step,
    calls: step.calls,
    failures: step.failures,
    kept_small: step.keptSmall,
    escalated: step.escalated,
    held: step.held,
    messages: step.messages,
    big_messages: step.bigMessages,
    ...billJson(step),
    models: step.models.map(modelJson),
  };
}

function modelJson(model: ModelSavings): object {
  return {
    model: model.model,
    tier: model.tier,
    embedded: model.embedded,
    calls: model.calls,
    failures: model.failures,
    accepted: model.accepted,
    escalated: model.escalated,
    held: model.held,
    ...billJson(model),
  };
}

function billJson({ cost, baseline, projected }: Bill): object {
  return {
    cost: moneyJson(cost),
    baseline: moneyJson(baseline),
    saved_nanos: difference(baseline, cost),
    projected: moneyJson(projected),
    projected_saved_nanos: difference(baseline, projected),
  };
}

const moneyJson = ({ knownNanos, unpriced }: Money): object => ({
  nanos: unpriced === 0 ? exact(knownNanos) : null,
  known_nanos: exact(knownNanos),
  unpriced,
});

/** What is unknown on one side makes the difference unknown. */
const difference = (from: Money, less: Money): unknown =>
  from.unpriced + less.unpriced === 0 ? exact(from.knownNanos - less.knownNanos) : null;
