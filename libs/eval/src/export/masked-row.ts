import { create } from '@bufbuild/protobuf';
import { DraftSchema, ExtractionSchema } from '@spillway/contracts/model';
import type { StepInput } from '@spillway/models/language-model';
import type { WrittenAnswer } from '@spillway/models/written-answer';
import type { Masking, ReadValue, RowMask } from './mask.js';
import type { SenderNames } from './sender-names.js';

/** What a model is asked and what it should answer. */
export interface Exchange {
  readonly input: StepInput;
  readonly answer: WrittenAnswer;
}

/** An exchange with nothing personal in it, and how many placeholders of which kind stand in it now. */
export interface MaskedExchange extends Exchange {
  readonly counts: ReadonlyMap<string, number>;
}

/** What is known of the sender beside the exchange: names, and what was read out of the messages of the conversation. */
export interface KnownOfSender {
  readonly names: SenderNames;
  readonly read: readonly ReadValue[];
}

/** Masks question and answer alike. */
export function maskedExchange(
  { input, answer }: Exchange,
  { names, read }: KnownOfSender,
  masking: Masking,
): MaskedExchange {
  const found = 'fields' in answer ? answer.fields : [];
  const mask = masking({
    texts: [input.text, input.subject, input.draft?.text ?? '', 'reply' in answer ? answer.reply : ''],
    fields: [
      ...(input.extraction?.fields ?? []),
      ...found.map(({ name, value, evidence }) => ({ name, value, written: evidence })),
      ...read,
    ],
    names,
  });
  return { input: maskedInput(input, mask), answer: maskedAnswer(answer, mask), counts: mask.counts };
}

const maskedInput = (input: StepInput, mask: RowMask): StepInput => ({
  ...input,
  text: mask.text(input.text),
  subject: mask.text(input.subject),
  ...(input.extraction === undefined
    ? {}
    : {
        extraction: create(ExtractionSchema, {
          fields: input.extraction.fields.map(({ name, value, confidence }) => ({
            name,
            value: mask.field(name, value),
            confidence,
          })),
        }),
      }),
  ...(input.draft === undefined ? {} : { draft: create(DraftSchema, { text: mask.text(input.draft.text) }) }),
});

function maskedAnswer(answer: WrittenAnswer, mask: RowMask): WrittenAnswer {
  if ('reply' in answer) return { ...answer, reply: mask.text(answer.reply) };
  if (!('fields' in answer)) return answer;
  return {
    fields: answer.fields.map(({ name, value, evidence }) => {
      const masked = mask.field(name, value);
      // Of a value that is masked the words that hold it are the same value.
      return { name, value: masked, evidence: masked === value ? mask.text(evidence) : masked };
    }),
  };
}
