import type { StepCompletedInit } from '@spillway/models/runner';
import type { Pack } from '@spillway/pack/pack';
import type { Table } from './cells.js';
import { compareStep, type StepFigures } from './compare-step.js';
import type { Evidence } from './data-line.js';
import { decisionOn, gradedAnswer } from './graded.js';
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
  /** Where the cascade goes wrong. */
  readonly details: readonly Table[];
}

/**
 * Grades what the models answered, and compares them.
 *
 * `models` has the small one first and the big one last; `nowMs` (milliseconds since the epoch) says whose day's prices the
 * projection takes.
 */
export function stepComparison(
  pack: Pack,
  read: EvalRows,
  models: readonly ModelAnswers[],
  { evidence, nowMs }: { readonly evidence: Evidence; readonly nowMs: number },
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
  const figures = compareStep({
    step,
    policy: pack.policy,
    answering,
    clusters: rows.map(({ conversationId }) => conversationId),
    ...(metrics.f1 === undefined ? {} : { f1: metrics.f1 }),
    evidence,
  });
  const [small, big] = [answering[0]?.runs[0] ?? [], answering.at(-1)?.runs[0] ?? []];
  const cascade = small.map((answer, at) =>
    decisionOn(step, answer, pack.policy) === 'keep' ? answer : (big[at] ?? answer),
  );
  return { figures, details: metrics.details(cascade) };
}
