import type { Spellings } from '@spillway/confidence/label-score';
import type { Pack } from '@spillway/pack/pack';
import { z } from 'zod';
import { fitted, MANY_TOP_TOKENS, type StepForm } from './answer.js';
import { choiceOf } from './choice.js';
import { labelCodes } from './label-codes.js';
import { objectSchema } from './schema.js';

/**
 * One of the pack's intents: its label, or, where labels begin alike, the code that the prompt lists before each. A label
 * is understood all the same, for endpoints that hold no answer to the schema.
 */
export function classifyForm(pack: Pack): StepForm {
  const queues = new Map(pack.intents.map(({ label, queue }) => [label, queue]));
  const labels = [...queues.keys()];
  const codes: Spellings = labelCodes(labels) ?? new Map();
  const spellings: Spellings = new Map([...codes, ...labels.map((label) => [label, label] as const)]);
  const shape = z.object({ label: z.enum([...spellings.keys()]) });
  return {
    schema: objectSchema({ label: { type: 'string', enum: codes.size > 0 ? [...codes.keys()] : labels } }),
    maxOutputTokens: 64,
    topTokens: MANY_TOP_TOKENS,
    read(answer) {
      const written = fitted(answer, shape).label;
      const label = spellings.get(written) ?? written;
      const { confidence, alternatives } = choiceOf(answer, '/label', label, spellings);
      const value = { label, queue: queues.get(label) ?? '', alternatives: [...alternatives] };
      return { result: { case: 'classification', value }, confidence };
    },
  };
}
