import { Fault } from '@spillway/contracts/fault';
import { z } from 'zod';

/**
 * What is known of a message from the moment it was taken in: it answers for the message until the ledger has it, and
 * for a repeat of the call.
 */
const receiptSchema = z.object({
  id: z.string(),
  conversationId: z.string(),
  channel: z.string(),
  /** Headers of the trace that its event carries. */
  trace: z.record(z.string(), z.string()),
  receivedAtMs: z.int(),
  /** Hash of the body that came with an idempotency key. */
  bodyHash: z.string().optional(),
});

export type Receipt = Readonly<z.infer<typeof receiptSchema>>;

/** Key of a message's receipt in keyed state. */
export const receiptKey = (messageId: string): string => `message:{${messageId}}`;

export const writeReceipt = (receipt: Receipt): Uint8Array => Buffer.from(JSON.stringify(receipt));

/** Throws `malformed` when the bytes are no receipt. */
export function readReceipt(value: Uint8Array): Receipt {
  const result = receiptSchema.safeParse(JSON.parse(Buffer.from(value).toString()));
  if (result.success) return result.data;
  throw new Fault('malformed', 'not a receipt', { cause: result.error });
}

/** Trace id of a message, 32 hexadecimal digits; empty when it has none. */
export const traceIdOfReceipt = ({ trace }: Receipt): string => trace['traceparent']?.split('-')[1] ?? '';
