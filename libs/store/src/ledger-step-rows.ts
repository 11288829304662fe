import type { StepDetail, StepValue, StepView, UsageView } from './ledger.js';
import type { BilledStep } from './ledger-bill.js';
import { sources, stepOf, tierOf } from './ledger-codes.js';

/** A whole number as a driver reads it; money is always a bigint. */
type Whole = number | bigint;

export interface StepRow {
  readonly slot: Whole;
  readonly completed_at_ms: Whole;
  readonly model: string | null;
  readonly embedded: Whole | boolean;
  readonly cost: bigint | null;
  readonly baseline: bigint | null;
  readonly projected: bigint | null;
  readonly polish: bigint | null;
  readonly input_tokens: Whole | null;
  readonly cached_input_tokens: Whole | null;
  readonly output_tokens: Whole | null;
  readonly reasoning_tokens: Whole | null;
  readonly estimated: Whole | boolean;
  readonly confidence: number | null;
  readonly raw_confidence: number | null;
  readonly confidence_source: Whole;
  readonly latency_ms: number;
  readonly attempts: Whole;
  readonly failure_code: string | null;
  readonly failure_detail: string | null;
  /** JSON. */
  readonly value: string | null;
}

/** What is stored of a result: with it, in the same JSON, what tells how far its confidence can be trusted. */
export const storedResult = ({ value, features, fingerprint }: StepDetail): string | null =>
  value === null ? null : JSON.stringify({ ...value, features, fingerprint });

function resultOf(stored: string | null): Pick<StepDetail, 'value' | 'features' | 'fingerprint'> {
  if (stored === null) return { value: null };
  const { features, fingerprint, ...value } = JSON.parse(stored) as StepValue &
    Pick<StepDetail, 'features' | 'fingerprint'>;
  return {
    value: value as StepValue,
    ...(features === undefined ? {} : { features }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

/** The view of one step. */
export function stepView(row: StepRow): StepView {
  return {
    step: stepOf(Number(row.slot)),
    tier: tierOf(Number(row.slot)),
    model: row.model,
    embedded: Boolean(row.embedded),
    costNanos: row.model === null ? 0n : row.cost,
    completedAtMs: Number(row.completed_at_ms),
    ...resultOf(row.value),
    confidence: row.confidence,
    rawConfidence: row.raw_confidence,
    confidenceSource: sources[Number(row.confidence_source)] as StepView['confidenceSource'],
    usage: usageView(row),
    latencyMs: row.latency_ms,
    attempts: Number(row.attempts),
    failure: row.failure_code === null ? null : { code: row.failure_code, detail: row.failure_detail ?? '' },
  };
}

const usageView = (row: StepRow): UsageView | null =>
  row.input_tokens === null
    ? null
    : {
        inputTokens: Number(row.input_tokens),
        cachedInputTokens: Number(row.cached_input_tokens),
        outputTokens: Number(row.output_tokens),
        reasoningTokens: Number(row.reasoning_tokens),
        estimated: Boolean(row.estimated),
      };

/** What of a step the bill rests on. */
export const billedStep = (row: StepRow): BilledStep => ({
  step: stepOf(Number(row.slot)),
  tier: tierOf(Number(row.slot)),
  model: row.model,
  hasUsage: row.input_tokens !== null,
  estimated: Boolean(row.estimated),
  cost: row.cost,
  baseline: row.baseline,
  projected: row.projected,
  polish: row.polish,
});
