import { textScore } from '@spillway/confidence/text-score';
import { ConfidenceSource } from '@spillway/contracts/model';
import { z } from 'zod';
import { type Answer, placedValues } from './answer.js';
import { type ConfidenceInit, ownConfidence, scoredConfidence } from './confidence.js';

/**
 * Controls but for line ends and tabs, and signs that turn the direction of writing: nobody reads them, stores cannot hold
 * all of them, and they steer the terminal of whoever looks at the reply.
 */
const UNPRINTABLE = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu;

const printable = (text: string): string => text.toWellFormed().replace(UNPRINTABLE, '');

/** A text that may go to a customer: not empty, and no longer than anyone would read. */
export const replyText = z.string().overwrite(printable).trim().min(1).max(8_000);

/** Output tokens that a reply of that length and its JSON fit in. */
export const REPLY_TOKENS = 2_048;

/** How sure a model is of the prose that stands at `/reply` of its answer. */
export function replyConfidence(answer: Answer): ConfidenceInit {
  if (answer.own !== undefined) return ownConfidence(answer.own);
  const placed = placedValues(answer);
  const span = placed.spans?.get('/reply');
  const score = placed.spans && span ? textScore(placed.aligned, span) : { features: placed.features };
  return scoredConfidence(score, ConfidenceSource.LOGPROBS);
}
