import { applyCalibrator, type CalibratorChoice, chooseCalibrator } from '@spillway/confidence/calibrator';
import type { ScoredRow } from '@spillway/confidence/certify';
import { crossFit } from '@spillway/confidence/cross-fit';
import { type ConfidenceFit, confidenceOf, type LabelSource, scorerFeatures } from '@spillway/confidence/fit';
import { applyScorer, fitScorer, type LogisticScorer } from '@spillway/confidence/logistic-scorer';
import { seededRandom } from '@spillway/confidence/random';
import type { LabelledStep } from '../dataset.js';
import type { AnsweredRow, Signal } from './answered-row.js';

/** Ten features need at least this many outcomes (the usual fifteen for each). */
const ROWS_FOR_SCORER = 150;
const FOLDS = 5;

export interface FittedConfidence {
  readonly fit: ConfidenceFit;
  /** Why this calibrator, for a person to read. */
  readonly reason: string;
  /** The rows that were fitted to, each as a fit that had not seen it scores it. */
  readonly older: readonly ScoredRow[];
}

interface FitContext {
  readonly step: LabelledStep;
  readonly fingerprint: string;
  readonly labelSource: LabelSource;
  /** ISO day. */
  readonly day: string;
}

type Scored = AnsweredRow & { readonly signal: Signal };

/**
 * Fits what makes the small model's confidences into probabilities of being right: a logistic scorer where there are
 * features and rows enough, then a calibrator, chosen on scores that were made without the row in question. Undefined
 * where there is nothing to fit: the rows are too few, or all of them carry an embedded model's own confidence.
 */
export function fitConfidence(
  rows: readonly AnsweredRow[],
  context: FitContext,
): FittedConfidence | undefined {
  const scored = rows.filter((row): row is Scored => row.signal !== undefined && !row.signal.embedded);
  if (scored.length < 2) return undefined;
  const right = scored.map((row) => row.right);
  const hasFeatures = scored.some(({ signal }) => Object.keys(signal.features).length > 0);
  const scorer = hasFeatures && scored.length >= ROWS_FOR_SCORER ? scorerOf(scored) : undefined;
  const scores = scorer === undefined ? scored.map(({ signal }) => signal.raw) : unseenScores(scored);
  const choice: CalibratorChoice = chooseCalibrator(scores, right, seededRandom(1));
  return {
    fit: {
      step: context.step,
      fingerprint: context.fingerprint,
      ...(scorer === undefined ? {} : { scorer }),
      calibrator: choice.calibrator,
      fittedOn: context.day,
      rows: scored.length,
      labelSource: context.labelSource,
    },
    reason: choice.reason,
    older: scored.map((row, at) => ({
      score: applyCalibrator(choice.calibrator, scores[at] as number),
      wrong: !row.right,
    })),
  };
}

const featuresOf = ({ signal }: Scored) => scorerFeatures(signal.raw, signal.features);

const scorerOf = (rows: readonly Scored[]): LogisticScorer =>
  fitScorer(
    rows.map(featuresOf),
    rows.map(({ right }) => right),
  );

/** Scores by scorers that have not seen the row: on its own rows a scorer looks better than it is. */
function unseenScores(rows: readonly Scored[]): readonly number[] {
  const outcomes = rows.map(({ right }) => Number(right));
  return crossFit(outcomes, FOLDS, (learnFrom) => {
    const scorer = scorerOf(Array.from(learnFrom, (at) => rows[at] as Scored));
    return (at) => applyScorer(scorer, featuresOf(rows[at] as Scored));
  });
}

/** The confidence that a worker with this fit gives an answer, 0 to 1; undefined where there is no signal. */
export function scoreOf({ signal }: AnsweredRow, fit: ConfidenceFit | undefined): number | undefined {
  if (signal === undefined) return undefined;
  return fit === undefined || signal.embedded
    ? signal.calibrated
    : confidenceOf(fit, signal.raw, signal.features);
}
