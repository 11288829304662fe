import { Step } from '@spillway/contracts/model';
import type { StepName } from '@spillway/store/ledger';

/** Steps as the ledger calls them. */
export const stepNames: Readonly<Record<Step, StepName | undefined>> = {
  [Step.UNSPECIFIED]: undefined,
  [Step.CLASSIFY]: 'classify',
  [Step.EXTRACT]: 'extract',
  [Step.SENTIMENT]: 'sentiment',
  [Step.DRAFT]: 'draft',
  [Step.POLISH]: 'polish',
};
