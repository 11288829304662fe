import { create } from '@bufbuild/protobuf';
import {
  ClassificationSchema,
  DraftSchema,
  ExtractionSchema,
  Mood,
  SentimentSchema,
} from '@spillway/contracts/model';
import type { StepInput } from '@spillway/models/language-model';
import { draftLine, polishLine } from '@spillway/pack/reply-lines';
import type { z } from 'zod';
import { UNDATED } from './dataset.js';
import { readJsonLines } from './json-lines.js';
import type { Checklist } from './metrics/checklist.js';
import { type KnownNames, unknownNames } from './unknown-names.js';

/** Steps whose answer is a text that is checked, since no two right ones are alike. */
export type ReplyStep = 'draft' | 'polish';

/** A message with what a reply to it is checked for. */
export interface ReplyRow {
  readonly id: string;
  readonly input: StepInput;
  readonly checklist: Checklist;
  /** A reply that a person would send. */
  readonly reference?: string;
  /** Two replies that a person has compared. */
  readonly preferred?: { readonly better: string; readonly worse: string };
  readonly conversationId?: string;
}

const schemas = { draft: draftLine, polish: polishLine } as const;
const moods = { negative: Mood.NEGATIVE, neutral: Mood.NEUTRAL, positive: Mood.POSITIVE } as const;
/** What a row says of a message is taken as known. */
const KNOWN = 1;

/**
 * Reads messages with checklists for a step: JSON lines, gzip or not, as
 * `@spillway/pack/reply-lines` describes them. With `pack`, a row whose intent or field the pack does not have fits not.
 *
 * @throws Fault as `readJsonLines` does
 */
export function readReplies(path: string, step: ReplyStep, pack?: KnownNames): Promise<readonly ReplyRow[]> {
  const unknown = unknownNames(pack);
  return readJsonLines<typeof draftLine | typeof polishLine, ReplyRow>(
    path,
    {
      schema: schemas[step],
      what: `message with a checklist for ${step}`,
      unknownNames: ({ intent, fields }) =>
        unknown({ labels: intent === undefined ? [] : [intent], fields: Object.keys(fields) }),
    },
    rowOf,
  );
}

type Line = z.output<typeof draftLine> & { readonly draft?: string };

const rowOf = (line: Line): ReplyRow => ({
  id: line.id,
  input: inputOf(line),
  checklist: {
    mustMention: line.must_mention,
    mustNotMention: line.must_not_mention,
    ...(line.language === undefined ? {} : { language: line.language }),
    ...(line.max_words === undefined ? {} : { maxWords: line.max_words }),
  },
  ...(line.reference === undefined ? {} : { reference: line.reference }),
  ...(line.preferred === undefined ? {} : { preferred: line.preferred }),
  ...(line.conversation_id === undefined ? {} : { conversationId: line.conversation_id }),
});

/** What the step would get in production: the message, and what the steps before it found. */
function inputOf({ text, subject, locale, received_at, intent, mood, fields, draft }: Line): StepInput {
  const found = Object.entries(fields).flatMap(([name, values]) =>
    values.map((value) => ({ name, value, confidence: KNOWN })),
  );
  return {
    text,
    subject,
    locale,
    receivedAtMs: Date.parse(received_at ?? UNDATED),
    ...(intent === undefined ? {} : { classification: create(ClassificationSchema, { label: intent }) }),
    extraction: create(ExtractionSchema, { fields: found }),
    sentiment: create(SentimentSchema, { mood: moods[mood] }),
    ...(draft === undefined ? {} : { draft: create(DraftSchema, { text: draft }), draftConfidence: KNOWN }),
  };
}
