import { type ScoreShift, scoreHistogram, scoreShift } from '@spillway/confidence/early-warning';
import type { Certificate } from '@spillway/policy/certificate';
import type { AnswerRow } from './rows.js';

/** The month's confidences beside those that they are held against, by bins of equal width over 0 to 1. */
export interface ScoreMonth {
  readonly now: readonly number[];
  readonly before: readonly number[];
  /** Whose scores `before` are. */
  readonly against: 'the certificate' | 'the month before';
  readonly shift: ScoreShift;
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

const histogramOf = (answers: readonly AnswerRow[]): readonly number[] =>
  scoreHistogram(answers.flatMap(({ confidence }) => (confidence === null ? [] : [confidence])));

/**
 * Holds the confidences of a task's small answers against the certificate's, as far as it covers them, or else against
 * those of the month before. Undefined where there is nothing to compare.
 */
export function scoresOf(
  now: readonly AnswerRow[],
  before: readonly AnswerRow[],
  certificate: Certificate | undefined,
): ScoreMonth | undefined {
  const certified = certificate?.expected?.scores;
  const covered = now.filter(({ fingerprint }) => fingerprint === certificate?.fingerprint);
  return certified === undefined
    ? compared(histogramOf(now), histogramOf(before), 'the month before')
    : (compared(histogramOf(covered), certified, 'the certificate') ??
        compared(histogramOf(now), histogramOf(before), 'the month before'));
}

function compared(
  now: readonly number[],
  before: readonly number[],
  against: ScoreMonth['against'],
): ScoreMonth | undefined {
  if (sumOf(now) === 0 || sumOf(before) === 0) return undefined;
  return { now, before, against, shift: scoreShift(before, now) };
}

/** A bin that has answers in it. */
export interface ScoreBin {
  /** Its lower and upper edge, 0 to 1. */
  readonly from: number;
  readonly to: number;
  /** Shares of all answers that were compared. */
  readonly now: number;
  readonly before: number;
}

/** The bins from the first to the last that has answers, as shares. */
export function scoreBins({ now, before }: ScoreMonth): readonly ScoreBin[] {
  const [rows, rowsBefore] = [sumOf(now), sumOf(before)];
  const filled = now.map((count, bin) => count + (before[bin] ?? 0) > 0);
  return now
    .map((count, bin) => ({
      from: bin / now.length,
      to: (bin + 1) / now.length,
      now: count / rows,
      before: (before[bin] ?? 0) / rowsBefore,
    }))
    .slice(filled.indexOf(true), filled.lastIndexOf(true) + 1);
}
