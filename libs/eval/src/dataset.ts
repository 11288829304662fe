import type { StepInput } from '@spillway/models/language-model';
import type { MoodName } from '@spillway/pack/pack';
import { z } from 'zod';
import { readJsonLines } from './json-lines.js';
import { type KnownNames, unknownNames } from './unknown-names.js';

/** Steps whose answer can be compared with a label. */
export type LabelledStep = 'classify' | 'extract' | 'sentiment';

/** What is right for a row, by step. Values of a field are a set: their order says nothing. */
export interface Labels {
  readonly classify: string;
  readonly extract: Readonly<Record<string, readonly string[]>>;
  readonly sentiment: MoodName;
}

/** A message that somebody has labelled. */
export interface LabelledRow<S extends LabelledStep = LabelledStep> {
  readonly id: string;
  readonly input: StepInput;
  readonly label: Labels[S];
  /** Rows of one customer's thread are not independent; left out where the file does not tell. */
  readonly conversationId?: string;
  /** Day or moment that the message was written, as the file has it. */
  readonly receivedAt?: string;
}

/** Moment that a message counts from where its row has none: fixed, so that the same row is the same input again. */
export const UNDATED = '2026-01-01T09:00:00Z';

const text = z.string().trim().min(1).max(262_144);
const common = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  text,
  subject: z.string().default(''),
  locale: z.string().default(''),
  conversation_id: z.string().optional(),
  received_at: z.iso
    .datetime({ offset: true, local: true, error: 'must be a moment such as 2026-01-31T09:30:00Z' })
    .or(z.iso.date())
    .optional(),
});
const values = z.union([z.string().transform((one) => [one]), z.array(z.string().min(1))]);

const lines = {
  classify: common.extend({ label: z.string().min(1) }),
  extract: common.extend({ fields: z.record(z.string(), values) }),
  sentiment: common.extend({ label: z.enum(['negative', 'neutral', 'positive']) }),
} as const;

type Line = z.output<(typeof lines)[LabelledStep]>;

/**
 * Reads labelled messages for a step: JSON lines, gzip or not. Every row has `text`, and `label`
 * (classify, sentiment) or `fields` (extract: name to value or values); `id`, `subject`, `locale`, `received_at` and
 * `conversation_id` are read where they are there. With `pack`, a row whose label or field the pack does not have fits not.
 *
 * @throws Fault as `readJsonLines` does
 */
export async function readLabelled<S extends LabelledStep>(
  path: string,
  step: S,
  pack?: KnownNames,
): Promise<readonly LabelledRow<S>[]> {
  const schema: z.ZodType<Line> = lines[step];
  const unknown = unknownNames(pack);
  return readJsonLines(
    path,
    {
      schema,
      what: `labelled message for ${step}`,
      unknownNames: (line) =>
        unknown({
          labels: step === 'classify' ? [String(line['label'])] : [],
          fields: step === 'extract' ? Object.keys(line['fields'] as object) : [],
        }),
    },
    (line, number) => {
      const { id, text: words, subject, locale, conversation_id, received_at, ...rest } = line;
      return {
        id: String(id ?? number),
        input: { text: words, subject, locale, receivedAtMs: Date.parse(received_at ?? UNDATED) },
        label: ('label' in rest ? rest.label : rest.fields) as Labels[S],
        ...(conversation_id === undefined ? {} : { conversationId: conversation_id }),
        ...(received_at === undefined ? {} : { receivedAt: received_at }),
      };
    },
  );
}
