import type { Operation } from '@spillway/http/openapi';
import { z } from 'zod';
import { auditListSchema } from './audit-view.js';
import { decisionSchema } from './review-request.js';
import { reviewListSchema, reviewViewSchema } from './review-view.js';

/** The query of `GET /v1/reviews`. */
export const reviewListQuerySchema = z.strictObject({
  cursor: z.string().optional().describe('`next_cursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** The query of `GET /v1/audits`. */
export const auditListQuerySchema = reviewListQuerySchema.extend({
  status: z.enum(['open']).default('open').describe('open: not labelled yet'),
});

/** The answer to a decision. */
export const decidedSchema = z.object({
  review_id: z.string(),
  message_id: z.string(),
  decision: z.enum(['approve', 'edit', 'reject']),
  trace_id: z.string().describe('the trace of the message, which goes on with this decision'),
});

/** The calls that this service answers, for the API description. */
export const consoleOperations: readonly Operation[] = [
  {
    id: 'listReviews',
    method: 'GET',
    path: '/v1/reviews',
    summary: 'Held replies that wait for a person, oldest first',
    query: reviewListQuerySchema,
    answer: { status: 200, description: 'A page', content: { 'application/json': reviewListSchema } },
    problems: ['malformed'],
  },
  {
    id: 'readReview',
    method: 'GET',
    path: '/v1/reviews/{id}',
    summary: 'A held reply beside the message it answers',
    answer: { status: 200, description: 'The review', content: { 'application/json': reviewViewSchema } },
    problems: ['missing'],
  },
  {
    id: 'decideReview',
    method: 'POST',
    path: '/v1/reviews/{id}',
    summary: 'Decides on a held reply',
    description:
      'The first decision stands. The same one again is the same decision; another one is a conflict.',
    body: { 'application/json': decisionSchema },
    answer: { status: 202, description: 'Decided', content: { 'application/json': decidedSchema } },
    problems: ['malformed', 'missing', 'conflict', 'rejected', 'unavailable'],
  },
  {
    id: 'listAudits',
    method: 'GET',
    path: '/v1/audits',
    summary: 'Messages that were drawn for the audit and wait for a person’s label, oldest first',
    description:
      'Without what the small model answered: whoever knows it is steered by it. The label goes to ' +
      '`POST /v1/messages/{id}/labels`, with the step. The message waits for none of this.',
    query: auditListQuerySchema,
    answer: { status: 200, description: 'A page', content: { 'application/json': auditListSchema } },
    problems: ['malformed'],
  },
];
