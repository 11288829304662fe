import type { MessageView, ReviewView } from '@spillway/store/ledger';
import { z } from 'zod';

const time = z.string().meta({ format: 'date-time' });

const reviewSchema = z.object({
  id: z.string(),
  message_id: z.string(),
  conversation_id: z.string(),
  step: z
    .enum(['classify', 'extract', 'sentiment', 'draft', 'polish'])
    .describe('what a person must look at'),
  reasons: z.array(z.string()).describe('most important first'),
  suggestion: z.string().nullable().describe('the best reply there is so far; null: none'),
  requested_at: time,
  decided: z
    .object({ decision: z.enum(['approve', 'edit', 'reject']), reviewer: z.string(), at: time })
    .nullable()
    .describe('null: open'),
});

/** The answer of `GET /v1/reviews`. */
export const reviewListSchema = z.object({
  items: z.array(reviewSchema),
  next_cursor: z.string().nullable(),
});

/** The answer of `GET /v1/reviews/{id}`. */
export const reviewViewSchema = reviewSchema.extend({
  message: z
    .object({
      channel: z.string(),
      customer: z.string(),
      subject: z.string(),
      text: z.string(),
      locale: z.string(),
      intent: z.string().nullable(),
      queue: z.string().nullable(),
      received_at: time,
    })
    .nullable()
    .describe('what the customer wrote'),
});

const iso = (ms: number): string => new Date(ms).toISOString();

/** A review as lists show it. */
export function reviewJson(review: ReviewView): z.infer<typeof reviewSchema> {
  const { decided } = review;
  return {
    id: review.id,
    message_id: review.messageId,
    conversation_id: review.conversationId,
    step: review.step,
    reasons: [...review.reasons],
    suggestion: review.suggestion,
    requested_at: iso(review.requestedAtMs),
    decided: decided && { decision: decided.decision, reviewer: decided.reviewer, at: iso(decided.atMs) },
  };
}

/** A review beside the message that it is about. */
export function reviewWithMessageJson(
  review: ReviewView,
  message: MessageView | undefined,
): z.infer<typeof reviewViewSchema> {
  return {
    ...reviewJson(review),
    message:
      message === undefined
        ? null
        : {
            channel: message.channel,
            customer: message.customer,
            subject: message.subject,
            text: message.text,
            locale: message.locale,
            intent: message.intent,
            queue: message.queue,
            received_at: iso(message.receivedAtMs),
          },
  };
}
