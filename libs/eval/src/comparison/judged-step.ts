import type { EvalTerms } from '@spillway/pack/pack';
import { breakEven } from '../audit-log/projection.js';
import type { Cascade } from '../cascade.js';
import { testNotWorse } from '../statistics/non-inferiority.js';
import { pairedOutcome } from '../statistics/paired-shares.js';
import { type CascadeFigures, type StepVerdict, verdictOf } from '../verdict.js';
import type { GradedAnswer } from './graded.js';
import type { Line } from './lines.js';

/** A cascade with the line that it makes. */
export interface JudgedCascade {
  readonly chosenOn: CascadeFigures['chosenOn'];
  readonly cascade: Cascade;
  readonly line: Line;
}

export interface JudgedStep {
  readonly terms: EvalTerms;
  readonly small: readonly GradedAnswer[];
  readonly big: readonly GradedAnswer[];
  readonly clusters: readonly (string | undefined)[];
  /** Floor and ceiling. */
  readonly floor: Line;
  readonly ceiling: Line;
  readonly cascades: readonly JudgedCascade[];
  /** Tests that could have ended in a claim. */
  readonly tests: number;
  /** Nano-dollars that training a small model costs; left out: nobody asked. */
  readonly trainingNanos?: bigint;
}

const THOUSAND = 1_000n;

/** What the figures of a step say should be done, by the terms that the pack had before they were there. */
export function judgedStep(judged: JudgedStep): StepVerdict {
  const { terms, small, big, clusters, floor, ceiling, cascades, tests } = judged;
  const reference = big.map(({ right }) => right);
  const alone = small.map(({ right }) => right);
  return verdictOf({
    rows: small.length,
    smallRight: floor.accuracy.value,
    ...(terms.floor === undefined ? {} : { floor: terms.floor }),
    small: testNotWorse(pairedOutcome(alone, reference, clusters), { margin: terms.margin }),
    cascades: cascades.map(({ chosenOn, cascade: { threshold, test, tested }, line }) => ({
      threshold,
      chosenOn,
      sent: line.sent,
      test,
      tested,
      nanosPerThousand: line.nanosPerThousand,
    })),
    tests,
    smallNanosPerThousand: floor.nanosPerThousand,
    bigNanosPerThousand: ceiling.nanosPerThousand,
    ...fineTuning(judged),
  });
}

/** A fine-tuned model is taken to cost what the small one does, and to keep everything. */
function fineTuning({ trainingNanos, floor, ceiling }: JudgedStep) {
  const [tunedNanos, todayNanos] = [floor.nanosPerThousand, ceiling.nanosPerThousand];
  if (trainingNanos === undefined) return {};
  if (tunedNanos === undefined || todayNanos === undefined)
    return { fineTuning: { pays: 'unknown' } as const };
  return { fineTuning: breakEven({ todayNanos, tunedNanos, calls: THOUSAND }, trainingNanos) };
}
