import type { StepCompletedInit } from '@spillway/models/runner';
import type { PrecisionRecall } from '../metrics/precision-recall.js';
import type { Statistic } from '../statistics/bootstrap.js';
import { percent, type Table } from './cells.js';
import type { Grade, GradedAnswer } from './graded.js';

/** How the answers to one step are measured: whether one is right, the F1 beside that, and tables of where it goes wrong. */
export interface StepMetrics {
  grade(completed: StepCompletedInit, row: number): Grade;
  readonly f1?: { readonly name: string; readonly of: (answers: readonly GradedAnswer[]) => Statistic };
  /** Every cell of the confusion matrix that has rows, for answers that are one of a closed list. */
  readonly confusion?: (answers: readonly GradedAnswer[]) => readonly ConfusionCell[];
  /** What to look at first, for one way to answer all rows. */
  details(answers: readonly GradedAnswer[]): readonly Table[];
}

/** Rows of one label that were given this one. */
export interface ConfusionCell {
  readonly truth: string;
  readonly said: string;
  readonly rows: number;
}

/** What a grade has where the step has no such thing. */
export const NOTHING = { said: '', fields: {}, reasons: [] } as const;

/** A share that may be undefined, for a cell. */
export const shareCell = (value: number | undefined): string => (value === undefined ? '–' : percent(value));

/** Cells under `PRECISION_HEAD`. */
export const precisionCells = ({ precision, recall, f1, expected }: PrecisionRecall): readonly string[] => [
  shareCell(precision),
  shareCell(recall),
  shareCell(f1),
  String(expected),
];

export const PRECISION_HEAD = ['precision', 'recall', 'F1'] as const;
