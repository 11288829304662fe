import { Fault, type FaultCode } from '@spillway/contracts/fault';
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

/** Whether a request that ended in this fault can be on the endpoint's bill. */
const billable = {
  malformed: true,
  timed_out: true,
  cancelled: true,
  unknown: true,
  rejected: false,
  missing: false,
  misconfigured: false,
  too_large: false,
  throttled: false,
  unavailable: false,
  conflict: false,
} as const satisfies Record<FaultCode, boolean>;

/**
 * Whether a call that ended in this fault can be on the endpoint's bill: its cost is not known then. The cause of a fault
 * is that of an attempt before it.
 */
export const mayBeBilled = ({ code, cause }: Fault): boolean =>
  billable[code] || (cause instanceof Fault && billable[cause.code]);
