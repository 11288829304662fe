import type { LabelledStep } from '@spillway/eval/dataset';
import type { PricedStep } from '@spillway/eval/step-pricing';
import { embeddedModels } from '@spillway/models/embedded';
import { type Models, needsEmbedded } from '@spillway/models/registry';
import type { Pack } from '@spillway/pack/pack';
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
  /** By whose prices the step is reckoned. */
  priced(step: LabelledStep): PricedModels;
  close(): Promise<void>;
}

type PricedModels = Pick<PricedStep, 'small' | 'big' | 'projected'>;

/**
 * Opens them as the pack and the environment name them, for these steps. Endpoints are under the budget's caps, which
 * embedded models leave alone: it may be in use by a server. Throws `misconfigured` with everything that is missing.
 */
export async function openSmallModels(
  config: CliConfig,
  pack: Pack,
  steps: readonly LabelledStep[],
  say: (line: string) => void,
): Promise<SmallModels> {
  const overrides = overridesOf(config, pack);
  const embedded = needsEmbedded({ pack, overrides })
    ? embeddedModels(pack, await trainedFor(pack, config.data, say))
    : undefined;
  const definitionOf = (step: LabelledStep) =>
    pack.models.find(({ name }) => name === pack.steps[step].small);
  const remote =
    overrides['small'] !== undefined || steps.some((step) => definitionOf(step)?.driver !== 'embedded');
  const caps = remote ? pack.policy.budgets?.caps : undefined;
  const budget = caps === undefined ? undefined : await openBudget(config, caps);
  const models = modelsOf(config, pack, { embedded, budget });
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
    priced: (step) => pricedModels(config, pack, step),
    async close() {
      await models.close();
      await budget?.close();
    },
  };
}

/**
 * The models whose prices tell what routing of a step saves: those that serve it, and in the place of embedded ones the
 * pack's reference models.
 */
export function pricedModels(config: CliConfig, pack: Pack, step: LabelledStep): PricedModels {
  const overrides = overridesOf(config, pack);
  const endpointOf = (tier: 'small' | 'big'): string | undefined => {
    const name = overrides[tier]?.model ?? pack.steps[step][tier];
    return pack.models.some((model) => model.name === name && model.driver === 'embedded') ? undefined : name;
  };
  const [small, big] = [endpointOf('small'), endpointOf('big')];
  return {
    small: small ?? pack.reference.small,
    big: big ?? pack.reference.big,
    projected: small === undefined || big === undefined,
  };
}
