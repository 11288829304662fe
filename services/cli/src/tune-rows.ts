import { Fault } from '@spillway/contracts/fault';
import type { AnsweredRow } from '@spillway/eval/answered-row';
import type { LabelledStep } from '@spillway/eval/dataset';
import type { StepPricing } from '@spillway/eval/step-pricing';

/** What a step is tuned on, wherever it comes from. */
export interface GatheredStep {
  readonly step: LabelledStep;
  /** A file, or a time of the ledger, for people. */
  readonly from: string;
  readonly rows: readonly AnsweredRow[];
  /** Drawn messages that wait for a person and are left out, by {@link ledgerRows}; absent: the rows are from a file. */
  readonly waiting?: number;
  readonly pricing: StepPricing;
}

export interface StepOptions {
  /** Left out: every step that has rows. */
  readonly step?: string;
}

/** Steps whose answers can be compared with a label, in the order of the flow. */
export const labelledSteps: readonly LabelledStep[] = ['classify', 'extract', 'sentiment'];

/** @throws Fault `rejected` for a step that has no labels */
export function chosenSteps({ step }: StepOptions): readonly LabelledStep[] {
  const chosen = labelledSteps.filter((one) => step === undefined || one === step);
  if (chosen.length > 0) return chosen;
  throw new Fault('rejected', `${step} has no labels to be tuned on`, {
    problems: [{ where: '--step', message: `is one of ${labelledSteps.join(', ')}` }],
  });
}
