import type { StepCompletedInit } from '@spillway/models/runner';
import type { Pack } from '@spillway/pack/pack';
import type { StepVerdict } from '../verdict.js';
import type { Table } from './cells.js';
import { compareStep, type StepFigures } from './compare-step.js';
import type { Evidence } from './data-line.js';
import { gradedAnswer } from './graded.js';
import type { JudgeReport } from './judge-report.js';
import { judgedStep } from './judged-step.js';
import type { ConfusionCell } from './measured.js';
import { type EvalRows, metricsOf } from './step-metrics.js';

/** A model with what it answered to all rows, once for each repetition. */
export interface ModelAnswers {
  readonly name: string;
  readonly tier: 'small' | 'big';
  readonly embedded: boolean;
  readonly runs: readonly (readonly StepCompletedInit[])[];
}

/** Everything that a report says of one step. Holds nothing that a customer wrote. */
export interface StepComparison {
  readonly figures: StepFigures;
  readonly verdict: StepVerdict;
  /** Where the cascade goes wrong. */
  readonly details: readonly Table[];
  /** Every cell with rows of labels against what the cascade answers, where answers are one of a closed list. */
  readonly confusion?: readonly ConfusionCell[];
  /** What a judge says of the replies; absent where none was asked. */
  readonly judged?: JudgeReport;
}

export interface ComparisonOptions {
  readonly evidence: Evidence;
  /** Milliseconds since the epoch: whose day's prices the projection takes. */
  readonly nowMs: number;
  /** Nano-dollars that training a small model costs; left out: nobody asked. */
  readonly trainingNanos?: bigint;
  readonly judged?: JudgeReport;
}

/** Grades what the models answered, compares them and gives a verdict. `models` has the small one first and the big one last. */
export function stepComparison(
  pack: Pack,
  read: EvalRows,
  models: readonly ModelAnswers[],
  { evidence, nowMs, trainingNanos, judged }: ComparisonOptions,
): StepComparison {
  const { step, rows } = read;
  const metrics = metricsOf(pack, read);
  const answering = models.map(({ name, embedded, tier, runs }) => ({
    name,
    embedded,
    runs: runs.map((answers) =>
      answers.map((completed, at) =>
        gradedAnswer({ pack, step, tier, nowMs }, completed, metrics.grade(completed, at)),
      ),
    ),
  }));
  const clusters = rows.map(({ conversationId }) => conversationId);
  const terms = pack.evalTerms[step];
  const { figures, small, big, cascade, cascades, tests } = compareStep({
    step,
    policy: pack.policy,
    terms,
    reference: pack.reference,
    answering,
    clusters,
    ...(metrics.f1 === undefined ? {} : { f1: metrics.f1 }),
    evidence,
  });
  const [floor, ceiling] = figures.lines;
  if (floor === undefined || ceiling === undefined) throw new Error('a comparison without its first lines');
  const confusion = metrics.confusion?.(cascade);
  return {
    figures,
    verdict: judgedStep({
      terms,
      small,
      big,
      clusters,
      floor,
      ceiling,
      cascades,
      tests,
      ...(trainingNanos === undefined ? {} : { trainingNanos }),
    }),
    details: metrics.details(cascade),
    ...(confusion === undefined ? {} : { confusion }),
    ...(judged === undefined ? {} : { judged }),
  };
}
