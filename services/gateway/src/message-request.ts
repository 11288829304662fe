import { Fault, type Problem } from '@spillway/contracts/fault';
import { check, refuse, storable } from '@spillway/http/check';
import { z } from 'zod';

/** UTF-8 bytes that the text of a message may have. */
export const TEXT_LIMIT = 262_144;

const words = (longest: number): z.ZodString => z.string().overwrite(storable).max(longest);

const conversationId = words(200)
  .min(1)
  .regex(/^\P{Cc}*$/u, 'must not hold control characters');

const metadata = z
  .record(words(64).min(1), words(1_024))
  .refine((entries) => Object.keys(entries).length <= 50, 'must have at most 50 entries')
  .meta({ maxProperties: 50, description: 'Kept with the message; no model sees it' });

/** The body of `POST /v1/messages`. */
export const messageSchema = z.strictObject({
  text: z
    .string()
    .overwrite(storable)
    .regex(/\S/, 'must not be blank')
    .describe(`At most ${TEXT_LIMIT} bytes of UTF-8`),
  channel: words(64)
    .regex(/^[\w.:-]+$/, 'must be letters, digits, and . : _ -')
    .default('api'),
  conversation_id: conversationId
    .optional()
    .describe('Messages of one conversation are answered in order. Left out: a conversation of its own'),
  customer: words(320).default(''),
  subject: words(2_000).default(''),
  locale: words(35)
    .regex(/^(?:[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*)?$/, 'must be a language tag such as en-IE')
    .default(''),
  customer_facing: z
    .boolean()
    .optional()
    .describe('Whether the reply goes to a customer. Left out: the policy decides'),
  metadata: metadata.optional(),
  attachment_count: z.int().min(0).max(1_000).default(0),
});

export type MessageRequest = z.output<typeof messageSchema>;

/** What makes a repeat of a call the same call. */
const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
  .describe('The same key with the same body is one message, for seven days');

/** The headers of `POST /v1/messages`. */
export const messageHeadersSchema = z.object({ 'Idempotency-Key': idempotencyKeySchema.optional() });

/** One line of a bulk intake. */
export const lineSchema = messageSchema.extend({ idempotency_key: idempotencyKeySchema.optional() });

/** A message that somebody sent, with the key that makes a repeat the same message. */
export interface Submission {
  readonly message: MessageRequest;
  readonly key: string | undefined;
}

/** Reads a body and an `Idempotency-Key`. Throws `too_large` for the text, `malformed` with every fault otherwise. */
export function readSubmission(body: unknown, key: string | undefined): Submission {
  refuseLongText(body);
  const problems: Problem[] = [];
  const message = check(messageSchema, body, 'body', problems);
  check(messageHeadersSchema, { 'Idempotency-Key': key }, 'header', problems);
  refuse(problems);
  return { message: message as MessageRequest, key };
}

/** Reads one line of a bulk intake; throws as `readSubmission` does. */
export function readLine(line: unknown): Submission {
  refuseLongText(line);
  const problems: Problem[] = [];
  const read = check(lineSchema, line, 'body', problems);
  refuse(problems);
  const { idempotency_key: key, ...message } = read as z.output<typeof lineSchema>;
  return { message, key };
}

function refuseLongText(body: unknown): void {
  const text = typeof body === 'object' && body !== null && 'text' in body ? body.text : undefined;
  if (typeof text !== 'string' || text.length * 3 <= TEXT_LIMIT) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= TEXT_LIMIT) return;
  const message = `has ${bytes} bytes of UTF-8; at most ${TEXT_LIMIT} are taken`;
  throw new Fault('too_large', `text ${message}`, { problems: [{ where: '/text', message }] });
}
