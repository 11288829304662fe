import { Mood } from '@spillway/contracts/model';
import { z } from 'zod';
import { fitted, MANY_TOP_TOKENS, type StepForm } from './answer.js';
import { choiceOf } from './choice.js';
import { objectSchema } from './schema.js';

const MOODS = ['negative', 'neutral', 'positive'] as const;
const moods = { negative: Mood.NEGATIVE, neutral: Mood.NEUTRAL, positive: Mood.POSITIVE } as const;
const spellings = new Map(MOODS.map((mood) => [mood, mood] as const));
const shape = z.object({ mood: z.enum(MOODS) });

/** How the customer feels. The same for every pack. The first token of a mood tells it from the others: it needs no code. */
export function sentimentForm(): StepForm {
  return {
    schema: objectSchema({ mood: { type: 'string', enum: MOODS } }),
    maxOutputTokens: 32,
    topTokens: MANY_TOP_TOKENS,
    read(answer) {
      const { mood } = fitted(answer, shape);
      const { confidence, alternatives } = choiceOf(answer, '/mood', mood, spellings);
      const value = { mood: moods[mood], alternatives: [...alternatives] };
      return { result: { case: 'sentiment', value }, confidence };
    },
  };
}
