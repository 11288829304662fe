import { z } from 'zod';
import { isDay } from './schemas.js';

const number = z.number();
const probability = z.number().min(0).max(1);

const platt = z.strictObject({ intercept: number, slope: z.number().min(0) });
const isotonicShape = z.strictObject({
  scores: z.array(probability).min(1),
  probabilities: z.array(probability).min(1),
});
const rising = ({ scores, probabilities }: z.output<typeof isotonicShape>): boolean =>
  scores.length === probabilities.length &&
  scores.every((score, at) => at === 0 || score > (scores[at - 1] as number)) &&
  probabilities.every((each, at) => at === 0 || each >= (probabilities[at - 1] as number));
const notRising = 'must have rising scores, and for each a probability that does not fall';
const isotonic = isotonicShape.refine(rising, notRising);

const calibrator = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('identity') }),
    z.strictObject({ kind: z.literal('temperature'), temperature: z.number().positive() }),
    platt.extend({ kind: z.literal('platt') }),
    isotonicShape.extend({ kind: z.literal('isotonic') }).refine(rising, notRising),
    z.strictObject({ kind: z.literal('platt_isotonic'), platt, isotonic }),
  ],
  'must be one of identity, temperature, platt, isotonic, platt_isotonic',
);

const scorer = z.strictObject({
  intercept: number,
  features: z.array(
    z.strictObject({
      name: z.string().min(1).max(64),
      mean: number,
      deviation: z.number().positive(),
      weight: number,
      absent: number,
    }),
  ),
});

/** `confidence/<step>.json`: a `ConfidenceFit` as `spillway tune` writes it. */
export const confidenceFile = z.strictObject({
  step: z.enum(['classify', 'extract', 'sentiment', 'draft', 'polish']),
  fingerprint: z.string().min(1).max(1_000),
  scorer: scorer.exactOptional(),
  calibrator,
  fittedOn: z.string().refine(isDay, 'must be a day that exists, written 2026-01-31'),
  rows: z.int().min(1),
  labelSource: z.enum(['truth', 'agreement']),
});
