import { breakEvenCoverage } from '@spillway/confidence/cost-choice';
import type { LabelledStep } from '@spillway/eval/dataset';
import { embeddedModels } from '@spillway/models/embedded';
import { type Models, needsEmbedded } from '@spillway/models/registry';
import type { StepCompletedInit } from '@spillway/models/runner';
import type { Pack } from '@spillway/pack/pack';
import { costOf, priceAt } from '@spillway/pack/prices';
import { modelsOf, overridesOf } from './calling.js';
import type { CliConfig } from './cli.config.js';
import { trainedFor } from './trained-models.js';

/** The small models of a pack, for commands that have them answer many messages. */
export interface SmallModels {
  readonly models: Models;
  embedded(step: LabelledStep): boolean;
  /** Everything that distinguishes the model from others of its name. */
  identity(step: LabelledStep): string;
  concurrency(step: LabelledStep): number;
  /** Share of the answers that must be kept for routing to pay; 0 where the prices do not tell. */
  breakEven(step: LabelledStep, answers: readonly StepCompletedInit[]): number;
  close(): Promise<void>;
}

/** Opens them as the pack and the environment name them. Throws `misconfigured` with everything that is missing. */
export async function openSmallModels(
  config: CliConfig,
  pack: Pack,
  say: (line: string) => void,
): Promise<SmallModels> {
  const overrides = overridesOf(config, pack);
  const embedded = needsEmbedded({ pack, overrides })
    ? embeddedModels(pack, await trainedFor(pack, config.data, say))
    : undefined;
  const models = modelsOf(config, pack, { embedded });
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
    breakEven: (step, answers) => breakEvenOf(pack, step, answers),
    close: () => models.close(),
  };
}

/**
 * From what the answers cost on average, and what the same tokens would have cost on the big model, at the prices of
 * today; embedded models stand in for endpoints and are compared at the pack's reference prices.
 */
function breakEvenOf(pack: Pack, step: LabelledStep, answers: readonly StepCompletedInit[]): number {
  const smallNanos = meanCost(pack, pack.reference.small, answers);
  const bigNanos = meanCost(pack, pack.reference.big, answers);
  if (smallNanos === undefined || bigNanos === undefined) return 0;
  const shadowRate = pack.policy.tasks[step].shadow?.rate ?? 0;
  return breakEvenCoverage({
    smallNanos,
    samples: 1,
    scorerNanos: 0n,
    bigNanos,
    shadowRate,
    personNanos: 0n,
  });
}

function meanCost(pack: Pack, name: string, answers: readonly StepCompletedInit[]): bigint | undefined {
  const model = pack.models.find((each) => each.name === name);
  const price = model === undefined ? undefined : priceAt(model, Date.now());
  let [sum, count] = [0n, 0n];
  for (const { call } of answers) {
    const usage = call?.usage;
    if (usage === undefined) continue;
    const { inputTokens = 0n, cachedInputTokens = 0n, outputTokens = 0n, reasoningTokens = 0n } = usage;
    const cost = costOf({ inputTokens, cachedInputTokens, outputTokens, reasoningTokens }, price);
    if (cost === undefined) return undefined;
    sum += cost;
    count += 1n;
  }
  return count === 0n ? undefined : sum / count;
}
