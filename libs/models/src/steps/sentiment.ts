import { Mood } from '@spillway/contracts/model';
import { z } from 'zod';
import { fitted, type StepForm } from './answer.js';
import { choiceOf } from './choice.js';
import { objectSchema } from './schema.js';

const MOODS = ['negative', 'neutral', 'positive'] as const;
const moods = { negative: Mood.NEGATIVE, neutral: Mood.NEUTRAL, positive: Mood.POSITIVE } as const;
const shape = z.object({ mood: z.enum(MOODS) });

/** How the customer feels. The same for every pack. */
export function sentimentForm(): StepForm {
  return {
    schema: objectSchema({ mood: { type: 'string', enum: MOODS } }),
    maxOutputTokens: 32,
    read(answer) {
      const { mood } = fitted(answer, shape);
      const { confidence, alternatives } = choiceOf(answer, '/mood', mood, MOODS);
      const value = { mood: moods[mood], alternatives: [...alternatives] };
      return { result: { case: 'sentiment', value }, confidence };
    },
  };
}
