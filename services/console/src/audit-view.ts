import type { OpenAudit } from '@spillway/store/ledger';
import { z } from 'zod';

const time = z.string().meta({ format: 'date-time' });

const auditSchema = z.object({
  message_id: z.string(),
  conversation_id: z.string(),
  step: z.enum(['classify', 'extract', 'sentiment', 'draft']).describe('what is to be labelled'),
  channel: z.string(),
  subject: z.string(),
  text: z.string().describe('what the customer wrote'),
  locale: z.string(),
  received_at: time,
  draft: z.string().nullable().describe('the reply that is judged; null: another step is labelled'),
  requested_at: time,
});

/** The answer of `GET /v1/audits`. */
export const auditListSchema = z.object({ items: z.array(auditSchema), next_cursor: z.string().nullable() });

const iso = (ms: number): string => new Date(ms).toISOString();

/** A drawn message as whoever labels it may see it: without the small model's answer, which would steer the label. */
export const auditJson = (audit: OpenAudit): object => ({
  message_id: audit.messageId,
  conversation_id: audit.conversationId,
  step: audit.step,
  channel: audit.channel,
  subject: audit.subject,
  text: audit.text,
  locale: audit.locale,
  received_at: iso(audit.receivedAtMs),
  draft: audit.draft,
  requested_at: iso(audit.requestedAtMs),
});
