import type { Pack } from '@spillway/pack/pack';
import { z } from 'zod';
import { fitted, type StepForm } from './answer.js';
import { choiceOf } from './choice.js';
import { objectSchema } from './schema.js';

/** One of the pack's intents. */
export function classifyForm(pack: Pack): StepForm {
  const queues = new Map(pack.intents.map(({ label, queue }) => [label, queue]));
  const labels = [...queues.keys()];
  const shape = z.object({ label: z.enum(labels) });
  return {
    schema: objectSchema({ label: { type: 'string', enum: labels } }),
    maxOutputTokens: 64,
    read(answer) {
      const { label } = fitted(answer, shape);
      const { confidence, alternatives } = choiceOf(answer, '/label', label, labels);
      const value = { label, queue: queues.get(label) ?? '', alternatives: [...alternatives] };
      return { result: { case: 'classification', value }, confidence };
    },
  };
}
