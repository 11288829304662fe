import { applyCalibrator, type Calibrator } from './calibrator.js';
import { logit } from './log-odds.js';
import { applyScorer, type LogisticScorer } from './logistic-scorer.js';
import type { Features } from './score.js';

/** What "right" meant when something was fitted: people's labels, or the big model's answer. */
export type LabelSource = 'truth' | 'agreement';

/** What makes confidences of one step into probabilities of being right; plain JSON. */
export interface ConfidenceFit {
  readonly step: 'classify' | 'extract' | 'sentiment' | 'draft' | 'polish';
  /** Of the answers that it was fitted to: it says nothing of any others. */
  readonly fingerprint: string;
  readonly scorer?: LogisticScorer;
  readonly calibrator: Calibrator;
  /** ISO day. */
  readonly fittedOn: string;
  readonly rows: number;
  readonly labelSource: LabelSource;
}

/** What a scorer is fitted to and applied to: the features of an answer, and `logit` of its raw confidence. */
export const scorerFeatures = (raw: number, features: Features): Features => ({
  ...features,
  logit: logit(raw),
});

/**
 * The probability, 0 to 1, that an answer is right, from its raw confidence and its features. Whoever calls it has made
 * sure that the answer's fingerprint is the fit's.
 */
export function confidenceOf(fit: ConfidenceFit, raw: number, features: Features): number {
  const { scorer, calibrator } = fit;
  const score = scorer === undefined ? raw : applyScorer(scorer, scorerFeatures(raw, features));
  return applyCalibrator(calibrator, score);
}
