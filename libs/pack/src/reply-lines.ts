import { z } from 'zod';

const LONGEST_MESSAGE = 262_144;
const LONGEST_REPLY = 8_000;

const text = z.string().trim().min(1).max(LONGEST_MESSAGE);
const reply = z.string().trim().min(1).max(LONGEST_REPLY);
const words = z.string().trim().min(1).max(500);
const values = z.union([z.string().transform((one) => [one]), z.array(z.string().min(1))]);

/** A message with what a reply to it must and must not say. Unknown keys are refused: a misspelt check would check nothing. */
export const draftLine = z.strictObject({
  id: z.union([z.string().min(1).max(128), z.number()]).transform(String),
  text,
  subject: z.string().max(1_000).default(''),
  locale: z.string().max(35).default(''),
  received_at: z.iso
    .datetime({ offset: true, local: true, error: 'must be a moment such as 2026-01-31T09:30:00Z' })
    .or(z.iso.date())
    .optional(),
  conversation_id: z.string().max(200).optional(),
  /** What the steps before it are taken to have found. */
  intent: z.string().min(1).max(64).optional(),
  mood: z.enum(['negative', 'neutral', 'positive']).default('neutral'),
  fields: z.record(z.string(), values).default({}),
  must_mention: z.array(words).max(50).default([]),
  must_not_mention: z.array(words).max(50).default([]),
  /** BCP 47, such as `en`: what the reply must be written in. */
  language: z
    .string()
    .regex(/^[a-z]{2,3}$/, 'must be a language code such as en')
    .optional(),
  max_words: z.int().min(1).max(5_000).optional(),
  /** A reply that a person would send. */
  reference: reply.optional(),
  /** Two replies that a person has compared: what a judge is checked on. */
  preferred: z.strictObject({ better: reply, worse: reply }).optional(),
});

/** The same for the last pass over a draft, which is part of the line. */
export const polishLine = draftLine.extend({ draft: reply });
