import { z } from 'zod';
import { type Receipt, traceIdOfReceipt } from './receipt.js';

/** The answer to a message that was taken in. */
export const acceptedSchema = z.object({
  id: z.string(),
  conversation_id: z.string(),
  trace_id: z.string().describe('W3C trace id; every span of this message has it'),
});

export const acceptedJson = (receipt: Receipt): z.infer<typeof acceptedSchema> => ({
  id: receipt.id,
  conversation_id: receipt.conversationId,
  trace_id: traceIdOfReceipt(receipt),
});
