import { Mood } from '@spillway/contracts/model';
import type { AnswerWriter } from '@spillway/models/written-answer';
import type { StepValue } from '@spillway/store/ledger';

const moods = { negative: Mood.NEGATIVE, neutral: Mood.NEUTRAL, positive: Mood.POSITIVE } as const;

/** A value of the ledger as the result of a step that it was read from. */
export function stepResult(value: StepValue): Parameters<AnswerWriter>[0] {
  switch (value.kind) {
    case 'classification':
      return { case: 'classification', value: { label: value.label, queue: value.queue } };
    case 'extraction':
      return {
        case: 'extraction',
        value: {
          fields: value.fields.map(({ name, value: found, confidence, start, end }) => ({
            name,
            value: found,
            confidence,
            evidenceStart: start,
            evidenceEnd: end,
          })),
        },
      };
    case 'sentiment':
      return { case: 'sentiment', value: { mood: moods[value.mood] } };
    case 'draft':
      return {
        case: 'draft',
        value: {
          text: value.text,
          macroId: value.macroId ?? '',
          missingFields: [...value.missingFields],
        },
      };
    case 'polish':
      return { case: 'polish', value: { text: value.text } };
  }
}

/** The class that an answer counts as: its label, its mood, its fields, or the macro that a draft was built on. */
export function classOf(value: StepValue): string {
  switch (value.kind) {
    case 'classification':
      return value.label;
    case 'sentiment':
      return value.mood;
    case 'extraction':
      return [...new Set(value.fields.map(({ name }) => name))].sort().join(' + ') || '(no field)';
    case 'draft':
      return value.macroId ?? '(no macro)';
    case 'polish':
      return '(reply)';
  }
}
