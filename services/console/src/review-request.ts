import { Fault } from '@spillway/contracts/fault';
import { storable } from '@spillway/http/check';
import type { DecisionName, ReviewView } from '@spillway/store/ledger';
import { z } from 'zod';

/** The body of `POST /v1/reviews/{id}`. */
export const decisionSchema = z
  .strictObject({
    decision: z
      .enum(['approve', 'edit', 'reject'])
      .describe('send the held reply, send `text`, send nothing'),
    text: z
      .string()
      .overwrite(storable)
      .max(100_000)
      .regex(/\S/, 'must not be blank')
      .optional()
      .describe('the reply to send; with `edit` only'),
  })
  .superRefine(({ decision, text }, context) => {
    if (decision === 'edit' && text === undefined) {
      context.addIssue({ code: 'custom', path: ['text'], message: 'is required to edit' });
    }
    if (decision !== 'edit' && text !== undefined) {
      context.addIssue({ code: 'custom', path: ['text'], message: 'is taken with the decision "edit" only' });
    }
  });

export type DecisionRequest = z.output<typeof decisionSchema>;

/** What a person wants, with the reply that is sent because of it. */
export interface Ruling {
  readonly decision: DecisionName;
  /** Empty when nothing is sent. */
  readonly text: string;
}

/** What a decision means for this review. Throws `rejected` when there is no reply to approve. */
export function rulingOn(review: ReviewView, { decision, text = '' }: DecisionRequest): Ruling {
  if (decision !== 'approve') return { decision, text };
  // The router does not act on a reply of nothing, and a ruling that stands cannot be given again.
  if (review.suggestion?.trim()) return { decision, text: review.suggestion };
  throw new Fault('rejected', 'there is no held reply to approve: edit or reject', {
    problems: [{ where: '/decision', message: 'there is no held reply to approve' }],
  });
}
