import type { Pack } from '@spillway/pack/pack';
import { z } from 'zod';
import { FEW_TOP_TOKENS, fitted, type StepForm } from './answer.js';
import { REPLY_TOKENS, replyConfidence, replyText } from './reply.js';
import { objectSchema } from './schema.js';

/** A reply, built on one of the pack's macros where one fits. */
export function draftForm(pack: Pack): StepForm {
  const macros = new Set(pack.macros.map(({ id }) => id));
  const shape = z.object({
    reply: replyText,
    macro_id: z
      .string()
      .refine((id) => id === '' || macros.has(id))
      .nullish(),
    missing_fields: z.array(z.string().min(1).max(64)).max(32).nullish(),
  });
  return {
    schema: objectSchema({
      reply: { type: 'string' },
      macro_id: { type: ['string', 'null'], enum: [...macros, null] },
      missing_fields: { type: 'array', items: { type: 'string' } },
    }),
    maxOutputTokens: REPLY_TOKENS,
    topTokens: FEW_TOP_TOKENS,
    read(answer) {
      const { reply, macro_id, missing_fields } = fitted(answer, shape);
      const value = { text: reply, macroId: macro_id ?? '', missingFields: missing_fields ?? [] };
      return { result: { case: 'draft', value }, confidence: replyConfidence(answer) };
    },
  };
}
