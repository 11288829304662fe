import { breakEvenCoverage } from '@spillway/confidence/cost-choice';
import type { LabelledStep } from '@spillway/eval/dataset';
import { embeddedModels } from '@spillway/models/embedded';
import { type Models, needsEmbedded } from '@spillway/models/registry';
import type { Pack } from '@spillway/pack/pack';
import { costOf, priceAt } from '@spillway/pack/prices';
import { modelsOf, overridesOf } from './calling.js';
import type { CliConfig } from './cli.config.js';
import { openBudget } from './stores.js';
import { trainedFor } from './trained-models.js';

/** The small models of a pack, for commands that have them answer many messages. */
export interface SmallModels {
  readonly models: Models;
  embedded(step: LabelledStep): boolean;
  /** Everything that distinguishes the model from others of its name. */
  identity(step: LabelledStep): string;
  concurrency(step: LabelledStep): number;
  close(): Promise<void>;
}

/** Opens them as the pack and the environment name them, under the budget's caps. Throws `misconfigured` with everything that is missing. */
export async function openSmallModels(
  config: CliConfig,
  pack: Pack,
  say: (line: string) => void,
): Promise<SmallModels> {
  const overrides = overridesOf(config, pack);
  const embedded = needsEmbedded({ pack, overrides })
    ? embeddedModels(pack, await trainedFor(pack, config.data, say))
    : undefined;
  const caps = pack.policy.budgets?.caps;
  const budget = caps === undefined ? undefined : await openBudget(config, caps);
  const models = modelsOf(config, pack, { embedded, budget });
  const definitionOf = (step: LabelledStep) =>
    pack.models.find(({ name }) => name === pack.steps[step].small);
  return {
    models,
    embedded: (step) => models.for(step, 'small').embedded,
    identity(step) {
      const { small } = overrides;
      const definition = definitionOf(step);
      const place = small === undefined ? definition : small;
      return [models.for(step, 'small').name, place?.baseUrl ?? '', place?.model ?? ''].join(' ');
    },
    concurrency: (step) => definitionOf(step)?.concurrency ?? 16,
    async close() {
      await models.close();
      await budget?.close();
    },
  };
}

/** Tokens of a call by price class; whole numbers. */
type Tokens = Readonly<
  Partial<Record<'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'reasoningTokens', bigint | number>>
>;

/**
 * Share of a step's answers that must be kept for routing to pay, from the tokens of its calls at today's prices of the
 * pack's reference models: embedded models stand in for endpoints. 0 where the prices do not tell.
 */
export function breakEvenOf(pack: Pack, step: LabelledStep, calls: readonly Tokens[]): number {
  const smallNanos = meanCost(pack, pack.reference.small, calls);
  const bigNanos = meanCost(pack, pack.reference.big, calls);
  if (smallNanos === undefined || bigNanos === undefined) return 0;
  const shadowRate = pack.policy.tasks[step].shadow?.rate ?? 0;
  const samples = pack.steps[step].samples ?? 1;
  return breakEvenCoverage({ smallNanos, samples, scorerNanos: 0n, bigNanos, shadowRate, personNanos: 0n });
}

function meanCost(pack: Pack, name: string, calls: readonly Tokens[]): bigint | undefined {
  const model = pack.models.find((each) => each.name === name);
  const price = model === undefined ? undefined : priceAt(model, Date.now());
  let sum = 0n;
  for (const call of calls) {
    const cost = costOf(
      {
        inputTokens: BigInt(call.inputTokens ?? 0),
        cachedInputTokens: BigInt(call.cachedInputTokens ?? 0),
        outputTokens: BigInt(call.outputTokens ?? 0),
        reasoningTokens: BigInt(call.reasoningTokens ?? 0),
      },
      price,
    );
    if (cost === undefined) return undefined;
    sum += cost;
  }
  return calls.length === 0 ? undefined : sum / BigInt(calls.length);
}
