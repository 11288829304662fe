import { create } from '@bufbuild/protobuf';
import {
  ClassificationSchema,
  DraftSchema,
  ExtractionSchema,
  Mood,
  SentimentSchema,
} from '@spillway/contracts/model';
import type { StepInput } from '@spillway/models/language-model';
import type { MessageView, StepName, StepTier, StepValue } from '@spillway/store/ledger';

const moods = { negative: Mood.NEGATIVE, neutral: Mood.NEUTRAL, positive: Mood.POSITIVE } as const;

/** A person's word stands before the big model's, and that before the small one's. */
const strongestFirst: readonly StepTier[] = ['human', 'big', 'small'];

/** What is needed of a message. */
export type AskedMessage = Pick<MessageView, 'text' | 'subject' | 'locale' | 'receivedAtMs' | 'steps'>;

/**
 * What a step's prompt is rendered from, as production would ask today: the message, for a draft with what was understood
 * of it, for a polish with the draft too. Undefined where the ledger lacks a part.
 */
export function stepInput(message: AskedMessage, step: StepName): StepInput | undefined {
  const { text, subject, locale, receivedAtMs } = message;
  const bare = { text, subject, locale, receivedAtMs };
  if (step !== 'draft' && step !== 'polish') return bare;
  const [classification, extraction, sentiment] = [
    strongest(message, 'classify'),
    strongest(message, 'extract'),
    strongest(message, 'sentiment'),
  ];
  if (
    classification?.kind !== 'classification' ||
    extraction?.kind !== 'extraction' ||
    sentiment?.kind !== 'sentiment'
  ) {
    return undefined;
  }
  const understood: StepInput = {
    ...bare,
    classification: create(ClassificationSchema, {
      label: classification.label,
      queue: classification.queue,
    }),
    extraction: create(ExtractionSchema, {
      fields: extraction.fields.map(({ name, value, confidence }) => ({ name, value, confidence })),
    }),
    sentiment: create(SentimentSchema, { mood: moods[sentiment.mood] }),
  };
  if (step === 'draft') return understood;
  const draft = strongest(message, 'draft');
  return draft?.kind === 'draft'
    ? { ...understood, draft: create(DraftSchema, { text: draft.text }) }
    : undefined;
}

function strongest({ steps }: AskedMessage, step: StepName): StepValue | undefined {
  for (const tier of strongestFirst) {
    const found = steps.find((each) => each.step === step && each.tier === tier && each.value !== null);
    if (found?.value) return found.value;
  }
  return undefined;
}
