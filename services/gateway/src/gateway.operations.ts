import { JSON_LINES } from '@spillway/http/bodies';
import type { Operation } from '@spillway/http/openapi';
import { problemSchema } from '@spillway/http/problem';
import { z } from 'zod';
import { acceptedSchema } from './accepted.js';
import { budgetsSchema } from './budgets-view.js';
import { labelSchema } from './label-request.js';
import { MOST_LINES } from './message-lines.js';
import { lineSchema, messageHeadersSchema, messageSchema } from './message-request.js';
import { messageListSchema, messageViewSchema, statusSchema } from './message-schema.js';
import { policySchema } from './policy-view.js';
import { replayLineSchema } from './replay-lines.js';
import { REPLAYS_LIMIT, replaySchema } from './replay-request.js';
import { savingsQuerySchema, savingsSchema } from './savings-view.js';
import { streamTopics } from './stream-frame.js';

/** The query of `GET /v1/messages`. */
export const listQuerySchema = z.strictObject({
  status: statusSchema.optional(),
  intent: z.string().optional(),
  cursor: z.string().optional().describe('`next_cursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** The answer to a label. */
const labelledSchema = z.object({
  message_id: z.string(),
  step: z.string(),
  wrong: z.boolean().describe('whether the small model’s answer was'),
});

/** The query of `GET /v1/stream`. */
export const streamQuerySchema = z.strictObject({
  types: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(z.enum(streamTopics)))
    .optional()
    .describe(`Comma-separated. Left out: all of ${streamTopics.join(', ')}`),
  conversation_id: z.string().optional(),
});

/** The calls that this service answers, for the API description. */
export const gatewayOperations: readonly Operation[] = [
  {
    id: 'sendMessage',
    method: 'POST',
    path: '/v1/messages',
    summary: 'Takes in a message',
    description:
      'Answers once the message is durable. Several at once: one JSON object per line, at most ' +
      `${MOST_LINES} lines or 4 MiB, answered with 200 and one line of JSON each: the message, or problem details.`,
    headers: messageHeadersSchema,
    body: { 'application/json': messageSchema, [JSON_LINES]: lineSchema },
    answer: { status: 202, description: 'Taken in', content: { 'application/json': acceptedSchema } },
    also: {
      status: 200,
      description: 'One line for each line',
      content: { [JSON_LINES]: z.union([acceptedSchema, problemSchema]).and(z.object({ line: z.int() })) },
    },
    problems: ['malformed', 'too_large', 'unsupported_media_type', 'rejected', 'unavailable'],
  },
  {
    id: 'listMessages',
    method: 'GET',
    path: '/v1/messages',
    summary: 'Messages, newest first',
    query: listQuerySchema,
    answer: { status: 200, description: 'A page', content: { 'application/json': messageListSchema } },
    problems: ['malformed'],
  },
  {
    id: 'readMessage',
    method: 'GET',
    path: '/v1/messages/{id}',
    summary: 'All that is known of a message',
    answer: { status: 200, description: 'The message', content: { 'application/json': messageViewSchema } },
    problems: ['missing'],
  },
  {
    id: 'labelMessage',
    method: 'POST',
    path: '/v1/messages/{id}/labels',
    summary: 'Says what is right, for a step that the small model answered',
    description:
      'The label is held against the small model’s answer, and is part of the audit as truth. Where the message was ' +
      'drawn for it, as `GET /v1/audits` lists them, it stands for others too. The first label of a step stands; the ' +
      'same again is the same label, another one is a conflict.',
    body: { 'application/json': labelSchema },
    answer: { status: 202, description: 'Labelled', content: { 'application/json': labelledSchema } },
    problems: ['malformed', 'missing', 'conflict', 'rejected', 'unavailable'],
  },
  {
    id: 'readPolicy',
    method: 'GET',
    path: '/v1/policy',
    summary: 'The policy in force, what it promises, and what the audits say of that',
    description: 'Figures are those of the last 31 days, unless a span is asked for.',
    query: savingsQuerySchema,
    answer: { status: 200, description: 'The policy', content: { 'application/json': policySchema } },
    problems: ['malformed'],
  },
  {
    id: 'replay',
    method: 'POST',
    path: '/v1/replays',
    summary: 'Has dead letters handled again',
    description:
      'Each goes to the retry topic of the group that parked it: no other group gets it again. A dead letter is ' +
      `replayed once; an event that fails again is another dead letter, and refused after ${REPLAYS_LIMIT} replays. ` +
      'One line of JSON for each dead letter as it is replayed, and a last one with the counts, or problem details ' +
      'where it broke off. Hanging up ends it.',
    body: { 'application/json': replaySchema },
    answer: { status: 200, description: 'What became of each', content: { [JSON_LINES]: replayLineSchema } },
    problems: ['malformed'],
  },
  {
    id: 'readSavings',
    method: 'GET',
    path: '/v1/savings',
    summary: 'What was spent, and what the big model alone would have cost',
    query: savingsQuerySchema,
    answer: { status: 200, description: 'The bill', content: { 'application/json': savingsSchema } },
    problems: ['malformed'],
  },
  {
    id: 'readBudgets',
    method: 'GET',
    path: '/v1/budgets',
    summary: 'What calls to models may cost, and how much of it is spent or set aside',
    answer: { status: 200, description: 'The caps', content: { 'application/json': budgetsSchema } },
    problems: ['unavailable'],
  },
  {
    id: 'listen',
    method: 'GET',
    path: '/v1/stream',
    summary: 'Server-sent events of everything that changes, from now on',
    description:
      'The name of an event is its type, its id the id of the event on the log, its data JSON. ' +
      'A listener that reads too slowly is cut off.',
    query: streamQuerySchema,
    answer: { status: 200, description: 'Events', content: { 'text/event-stream': z.string() } },
    problems: ['malformed', 'unavailable'],
  },
];
