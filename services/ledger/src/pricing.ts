import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { ModelCall, Usage } from '@spillway/contracts/model';
import type { ModelDefinition, Pack, Price } from '@spillway/pack/pack';
import { costOf, priceAt } from '@spillway/pack/prices';
import type { StepName, StepTier } from '@spillway/store/ledger';
import type { PricedCall } from '@spillway/store/ledger-change';

/** What of a pack the bill rests on. */
export type PriceList = Pick<Pack, 'models' | 'steps' | 'reference'>;

/** Says what one call costs, would have cost on the big model, and would cost at the pack's reference prices. */
export type Pricing = (call: ModelCall, step: StepName, tier: StepTier, completedAtMs: number) => PricedCall;

const DAY_MS = 86_400_000;

/**
 * The rules of the bill, all in nano-dollars and at the prices of the day of the call:
 *
 * - cost: as the worker metered it; unknown where it did not say
 * - baseline: the call's tokens at the step's big model, or at the reference big one where that is embedded or has no
 *   prices
 * - projected: for an embedded model the call's tokens at the reference model of its tier; otherwise the cost
 * - polish, for drafts: the pass that the big model would have made over it, which reads what the draft read and the
 *   draft, and writes as much as the draft
 */
export function pricingOf(pack: PriceList): Pricing {
  const price = priceReader(pack.models);
  const bigOf = (step: StepName): string =>
    hasPrices(pack.models, pack.steps[step].big) ? pack.steps[step].big : pack.reference.big;
  const big: Readonly<Record<StepName, string>> = {
    classify: bigOf('classify'),
    extract: bigOf('extract'),
    sentiment: bigOf('sentiment'),
    draft: bigOf('draft'),
    polish: bigOf('polish'),
  };

  return (call, step, tier, completedAtMs) => {
    const { usage, embedded } = call;
    const startedAt = call.startedAt === undefined ? completedAtMs : timestampMs(call.startedAt);
    const at = (model: string, tokens: Tokens | undefined): bigint | null =>
      tokens === undefined ? null : (costOf(tokens, price(model, startedAt)) ?? null);
    const costNanos = call.costNanos ?? null;
    const reference = tier === 'small' ? pack.reference.small : pack.reference.big;
    return {
      model: call.model,
      embedded,
      costNanos,
      baselineNanos: at(big[step], usage),
      projectedNanos: embedded ? at(reference, usage) : costNanos,
      polishNanos: step === 'draft' ? at(big.polish, usage && polishTokens(usage)) : null,
    };
  };
}

type Tokens = Pick<Usage, 'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'reasoningTokens'>;

const polishTokens = (draft: Tokens): Tokens => ({
  inputTokens: draft.inputTokens + draft.cachedInputTokens + draft.outputTokens,
  cachedInputTokens: 0n,
  outputTokens: draft.outputTokens,
  reasoningTokens: 0n,
});

function hasPrices(models: readonly ModelDefinition[], name: string): boolean {
  const model = models.find((candidate) => candidate.name === name);
  return model !== undefined && model.driver !== 'embedded' && model.prices.length > 0;
}

/** Prices change at midnight UTC: the one of the day is looked up once. */
function priceReader(models: readonly ModelDefinition[]): (name: string, ms: number) => Price | undefined {
  const byName = new Map(models.map((model) => [model.name, model]));
  const today = new Map<string, { day: number; price: Price | undefined }>();
  return (name, ms) => {
    const day = Math.floor(ms / DAY_MS);
    const known = today.get(name);
    if (known?.day === day) return known.price;
    const model = byName.get(name);
    const price = model === undefined ? undefined : priceAt(model, ms);
    today.set(name, { day, price });
    return price;
  };
}
