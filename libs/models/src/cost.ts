import { Fault, type FaultCode } from '@spillway/contracts/fault';
import type { ModelDefinition, Pack } from '@spillway/pack/pack';
import { costOf, mostOf, priceAt } from '@spillway/pack/prices';
import type { Completion, LanguageModel, Prompt } from './language-model.js';

/** The endpoint whose prices a model of this name has: that of the name, or the one that calls its model so. */
export function pricedAs(pack: Pack, name: string): ModelDefinition | undefined {
  const endpoints = pack.models.filter((each) => each.driver !== 'embedded');
  return endpoints.find((each) => each.name === name) ?? endpoints.find((each) => each.model === name);
}

/** Tokens that chat templates, and the words around a schema, add to what a prompt holds. */
const TEMPLATE_TOKENS = 256;

/**
 * Tokens that one request for this prompt cannot use more of. No token is shorter than a byte, and the answer, reasoning
 * included, is cut at the limit that the prompt names.
 */
export function tokenBound(prompt: Prompt): { readonly input: number; readonly output: number } {
  const { system, user, schema, maxOutputTokens } = prompt;
  const described = schema === undefined ? '' : JSON.stringify(schema);
  const bytes = [system, user, described].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { input: bytes + TEMPLATE_TOKENS, output: maxOutputTokens };
}

/**
 * What one request for this prompt cannot cost more than, in nano-dollars: its {@link tokenBound} at the price of the
 * moment. Undefined when the model has no price then.
 */
export const costBound = (model: ModelDefinition, prompt: Prompt, startedMs: number): bigint | undefined =>
  mostOf(tokenBound(prompt), priceAt(model, startedMs));

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
  const definition = pricedAs(pack, model.name);
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
  over_budget: false,
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
