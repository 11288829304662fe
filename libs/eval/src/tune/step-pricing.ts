import { breakEvenCoverage, type RoutingCosts } from '@spillway/confidence/cost-choice';
import { pricedAs } from '@spillway/models/cost';
import type { ModelDefinition, Pack } from '@spillway/pack/pack';
import { costOf, priceAt } from '@spillway/pack/prices';
import type { LabelledStep } from '../dataset.js';

/** What one answer used; whole numbers. */
export interface AnswerUsage {
  readonly tokens: Readonly<
    Partial<Record<'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'reasoningTokens', bigint | number>>
  >;
  /** Calls that these tokens are of, 1 or more. */
  readonly samples: number;
}

/** What routing of a step costs, and by whose prices. */
export interface StepPricing {
  /** Absent: a price, or what the calls used, is not known. */
  readonly costs?: RoutingCosts;
  /** Names of the models whose prices these are. */
  readonly small: string;
  readonly big: string;
  /** Whether embedded models answered, which cost nothing: the prices are those of models in their place. */
  readonly projected: boolean;
  /** ISO day of the newer one of the two prices. */
  readonly pricesFrom?: string;
}

export interface PricedStep {
  readonly step: LabelledStep;
  /** Names that the pack prices. */
  readonly small: string;
  readonly big: string;
  readonly projected: boolean;
  readonly usages: readonly AnswerUsage[];
}

/**
 * What the small and the big model cost for one answer, on average over the tokens of the small one's answers, at the
 * prices that hold now (milliseconds since the epoch). Drawing samples is in the price of the small answer, and no part of
 * that of the big one. Scores are reckoned here and cost nothing; what people do is not counted.
 */
export function pricingOf(pack: Pack, priced: PricedStep, nowMs: number): StepPricing {
  const { step, small, big, projected, usages } = priced;
  const [smallModel, bigModel] = [pricedAs(pack, small), pricedAs(pack, big)];
  const smallNanos = meanCost(smallModel, usages, nowMs, () => 1);
  const bigNanos = meanCost(bigModel, usages, nowMs, ({ samples }) => samples);
  const pricesFrom = [smallModel, bigModel]
    .flatMap((model) => (model === undefined ? [] : (priceAt(model, nowMs)?.from ?? [])))
    .sort()
    .at(-1);
  const { shadow } = pack.policy.tasks[step];
  const shadowRate = shadow === undefined || shadow.by === 'person' ? 0 : shadow.rate;
  return {
    small,
    big,
    projected,
    ...(pricesFrom === undefined ? {} : { pricesFrom }),
    ...(smallNanos === undefined || bigNanos === undefined
      ? {}
      : { costs: { smallNanos, samples: 1, scorerNanos: 0n, bigNanos, shadowRate, personNanos: 0n } }),
  };
}

/** Share of answers that must be kept for routing to pay; undefined where the prices do not tell. */
export const breakEvenOf = ({ costs }: StepPricing): number | undefined =>
  costs === undefined ? undefined : breakEvenCoverage(costs);

/** Nano-dollars for one answer of so many calls in one. */
function meanCost(
  model: ModelDefinition | undefined,
  usages: readonly AnswerUsage[],
  nowMs: number,
  callsIn: (usage: AnswerUsage) => number,
): bigint | undefined {
  if (model === undefined || usages.length === 0) return undefined;
  const price = priceAt(model, nowMs);
  let sum = 0n;
  for (const usage of usages) {
    const { inputTokens = 0, cachedInputTokens = 0, outputTokens = 0, reasoningTokens = 0 } = usage.tokens;
    const cost = costOf(
      {
        inputTokens: BigInt(inputTokens),
        cachedInputTokens: BigInt(cachedInputTokens),
        outputTokens: BigInt(outputTokens),
        reasoningTokens: BigInt(reasoningTokens),
      },
      price,
    );
    if (cost === undefined) return undefined;
    sum += cost / BigInt(callsIn(usage));
  }
  return sum / BigInt(usages.length);
}
