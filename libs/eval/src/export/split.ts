import { createHmac } from 'node:crypto';

/** What a row is for: to train on, to stop the training by, to test the trained model on. */
export const parts = ['train', 'validation', 'test'] as const;
export type Part = (typeof parts)[number];

/** Share of the conversations up to which each part reaches; the rest is for the test. */
const TRAIN = 0.8;
const VALIDATION = 0.9;

/**
 * The part that a conversation belongs to: HMAC-SHA256 of its id as a number from 0 to 1. It depends on the id and the key
 * alone, so that a conversation never changes its part, however many others come and go.
 */
export function partOf(conversationId: string, key: string): Part {
  const draw =
    createHmac('sha256', `split:${key}`).update(conversationId).digest().readUIntBE(0, 6) / 2 ** 48;
  if (draw < TRAIN) return 'train';
  return draw < VALIDATION ? 'validation' : 'test';
}
