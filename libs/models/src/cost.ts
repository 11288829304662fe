import type { Pack } from '@spillway/pack/pack';
import { costOf, priceAt } from '@spillway/pack/prices';
import type { Completion, LanguageModel } from './language-model.js';

/**
 * What a call cost, in nano-dollars. Zero for embedded models. Undefined when it is not known: the pack prices no model
 * of this name, none of its prices held when the call was started, or the endpoint did not say what it used.
 */
export function callCost(
  pack: Pack,
  model: Pick<LanguageModel, 'name' | 'embedded'>,
  usage: Completion['usage'],
  startedMs: number,
): bigint | undefined {
  if (model.embedded) return 0n;
  if (usage.estimated) return undefined;
  const priced = pack.models.filter((each) => each.driver !== 'embedded');
  const definition =
    priced.find((each) => each.name === model.name) ?? priced.find((each) => each.model === model.name);
  return definition === undefined ? undefined : costOf(usage, priceAt(definition, startedMs));
}
