import type { DeadLettered } from '@spillway/contracts/events';
import { problemSchema } from '@spillway/http/problem';
import { z } from 'zod';
import { failedAtMs } from './replay-request.js';

const count = z.int().min(0);

/** What became of one dead letter. */
const letterLineSchema = z.object({
  outcome: z
    .enum(['replayed', 'would_be_replayed', 'refused'])
    .describe('refused: replayed too often before, and failed each time'),
  id: z.string().describe('of the dead letter'),
  event_id: z.string(),
  message_id: z.string(),
  conversation_id: z.string(),
  topic: z.string(),
  group: z.string(),
  code: z.string(),
  detail: z.string(),
  attempts: count,
  replays: count.describe('Replays before this one'),
  failed_at: z.iso.datetime(),
});

/** The last line of an answer that is whole. */
const endLineSchema = z.object({
  outcome: z.literal('end'),
  replayed: count.describe('Also counts what a dry run would replay'),
  refused: count,
  replayed_before: count.describe('Dead letters that a call before this one has replayed'),
  more: z.boolean().describe('There are more than the limit'),
});

/** One line of the answer to `POST /v1/replays`. */
export const replayLineSchema = z.union([letterLineSchema, endLineSchema, problemSchema]);

export type Outcome = z.infer<typeof letterLineSchema>['outcome'];
type LetterLine = z.infer<typeof letterLineSchema>;
type EndLine = z.infer<typeof endLineSchema>;

export const letterLine = (
  id: string,
  letter: DeadLettered,
  replays: number,
  outcome: Outcome,
): LetterLine => ({
  outcome,
  id,
  event_id: letter.eventId,
  message_id: letter.messageId,
  conversation_id: letter.conversationId,
  topic: letter.originTopic,
  group: letter.group,
  code: letter.errorCode,
  detail: letter.errorDetail,
  attempts: letter.attempts,
  replays,
  failed_at: new Date(failedAtMs(letter)).toISOString(),
});

export const endLine = (counts: Omit<EndLine, 'outcome'>): EndLine => ({ outcome: 'end', ...counts });
