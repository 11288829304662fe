import type { StepName, StepTier } from './ledger.js';

/** What one step of one message brings to the bill. Money is in nano-dollars, null: unknown. */
export interface BilledStep {
  readonly step: StepName;
  readonly tier: StepTier;
  /** Null where the step ended without a call. */
  readonly model: string | null;
  readonly hasUsage: boolean;
  readonly estimated: boolean;
  readonly cost: bigint | null;
  readonly baseline: bigint | null;
  readonly projected: bigint | null;
  readonly polish: bigint | null;
}

interface MessageBill {
  readonly costNanos: bigint | null;
  readonly baselineNanos: bigint | null;
  readonly projectedNanos: bigint | null;
  readonly estimated: boolean;
}

/**
 * The bill of one message from its steps, ordered by step and within a step from the lowest tier up.
 *
 * The baseline has one call for each step, the first whose tokens are known, and for a settled message that was never
 * polished the polish that is estimated from its draft. Steps without a call have no part in it.
 */
export function billOf(steps: readonly BilledStep[], settled: boolean): MessageBill {
  const calls = steps.filter((step) => step.model !== null);
  const first = calls.filter((call) => call === firstCall(calls, call.step));
  const draft =
    settled && !calls.some(({ step }) => step === 'polish') ? firstCall(calls, 'draft') : undefined;
  return {
    costNanos: sum(calls.map(({ cost }) => cost)),
    baselineNanos: sum([...first.map(({ baseline }) => baseline), ...(draft ? [draft.polish] : [])]),
    projectedNanos: sum(calls.map(({ projected }) => projected)),
    estimated: draft !== undefined || calls.some(({ estimated }) => estimated),
  };
}

function firstCall(calls: readonly BilledStep[], step: StepName): BilledStep | undefined {
  const ofStep = calls.filter((call) => call.step === step);
  return ofStep.find(({ hasUsage }) => hasUsage) ?? ofStep[0];
}

function sum(parts: readonly (bigint | null)[]): bigint | null {
  let total = 0n;
  for (const part of parts) {
    if (part === null) return null;
    total += part;
  }
  return total;
}
