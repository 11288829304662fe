import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AuditRecordedSchema } from '@spillway/contracts/events';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { Mood } from '@spillway/contracts/model';
import { check, refuse, storable } from '@spillway/http/check';
import type { Pack } from '@spillway/pack/pack';
import { comparableFields } from '@spillway/policy/comparison';
import type { StepValue } from '@spillway/store/ledger';
import { z } from 'zod';

/** What of a pack labels are made of. */
export type Vocabulary = Pick<Pack, 'intents' | 'fields'>;

const word = z.string().overwrite(storable).min(1).max(1_000);
const moods = { negative: Mood.NEGATIVE, neutral: Mood.NEUTRAL, positive: Mood.POSITIVE } as const;

/** The body of `POST /v1/messages/{id}/labels`. */
export const labelSchema = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('classify'), value: word.describe('the label of an intent') }),
  z.strictObject({
    step: z.literal('extract'),
    value: z
      .record(word, z.array(word).max(100))
      .describe('by field the values that the message holds, normalised; every field that it has'),
  }),
  z.strictObject({ step: z.literal('sentiment'), value: z.enum(['negative', 'neutral', 'positive']) }),
  z.strictObject({
    step: z.literal('draft'),
    value: z.enum(['right', 'wrong']).describe('whether the draft could be sent as it is'),
  }),
]);

export type Label = z.output<typeof labelSchema>;

/** Reads a label. Throws `malformed` with every fault, also for what the pack does not know. */
export function readLabel(body: unknown, { intents, fields }: Vocabulary): Label {
  const problems: Problem[] = [];
  const label = check(labelSchema, body, 'body', problems);
  refuse(problems);
  const known = label as Label;
  if (known.step === 'classify' && !intents.some((intent) => intent.label === known.value)) {
    problems.push({ where: '/value', message: 'is no intent of the pack' });
  }
  if (known.step === 'extract') {
    const names = new Set(fields.map(({ name }) => name));
    for (const name of Object.keys(known.value).filter((each) => !names.has(each))) {
      problems.push({ where: `/value/${name}`, message: 'is no field of the pack' });
    }
  }
  refuse(problems);
  return known;
}

const fieldsOf = (value: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(value).flatMap(([name, values]) => values.map((each) => ({ name, value: each })));

/** Equal for equal labels of one step, in whatever order their fields come. */
export const formOf = (label: Label): string =>
  label.step === 'extract' ? comparableFields(fieldsOf(label.value)) : label.value;

/** Whether a small answer is wrong by this label. Throws `conflict` where they are of different steps. */
export function isWrong(label: Label, found: StepValue): boolean {
  if (label.step === 'draft' && found.kind === 'draft') return label.value === 'wrong';
  if (label.step === 'classify' && found.kind === 'classification') return label.value !== found.label;
  if (label.step === 'sentiment' && found.kind === 'sentiment') return label.value !== found.mood;
  if (label.step === 'extract' && found.kind === 'extraction') {
    return comparableFields(fieldsOf(label.value)) !== comparableFields(found.fields);
  }
  throw new Fault('conflict', `a label of ${label.step} does not fit a ${found.kind}`);
}

/** The label as the event carries it; nothing for a reply, which has none. */
export function labelOf(
  label: Label,
  { intents }: Vocabulary,
): Pick<MessageInitShape<typeof AuditRecordedSchema>, 'label'> {
  switch (label.step) {
    case 'classify': {
      const queue = intents.find((intent) => intent.label === label.value)?.queue ?? '';
      return { label: { case: 'classification', value: { label: label.value, queue } } };
    }
    case 'extract':
      return {
        label: {
          case: 'extraction',
          value: { fields: fieldsOf(label.value).map((field) => ({ ...field, confidence: 1 })) },
        },
      };
    case 'sentiment':
      return { label: { case: 'sentiment', value: { mood: moods[label.value] } } };
    case 'draft':
      return {};
  }
}
