import { z } from 'zod';
import { FEW_TOP_TOKENS, fitted, type StepForm } from './answer.js';
import { REPLY_TOKENS, replyConfidence, replyText } from './reply.js';
import { objectSchema } from './schema.js';

const shape = z.object({ reply: replyText });

/** The last pass over a reply. The same for every pack. */
export function polishForm(): StepForm {
  return {
    schema: objectSchema({ reply: { type: 'string' } }),
    maxOutputTokens: REPLY_TOKENS,
    topTokens: FEW_TOP_TOKENS,
    read(answer) {
      const { reply } = fitted(answer, shape);
      return { result: { case: 'polish', value: { text: reply } }, confidence: replyConfidence(answer) };
    },
  };
}
