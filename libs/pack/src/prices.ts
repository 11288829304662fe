import type { Usage } from '@spillway/contracts/model';
import type { ModelDefinition, Price } from './pack.js';

/** Tokens of one call by price class; the classes are disjoint. */
export type TokenCounts = Pick<
  Usage,
  'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'reasoningTokens'
>;

const MILLION = 1_000_000n;

/** Nine decimals are what a nano-dollar can hold; nine digits before the point keep a slip of the keyboard out. */
const decimal = /^(\d{1,9})(?:\.(\d{1,9}))?$/;

const free: Price = {
  from: '1970-01-01',
  inputPerMillion: 0n,
  cachedInputPerMillion: 0n,
  outputPerMillion: 0n,
  reasoningPerMillion: 0n,
};

/** Dollars as a decimal string ("0.10") in nano-dollars, exactly. Undefined when it is not one, or finer than a nano-dollar. */
export function nanosOf(dollars: string): bigint | undefined {
  const match = decimal.exec(dollars);
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  return BigInt(whole + fraction.padEnd(9, '0'));
}

/** Nano-dollars as decimal dollars, exactly, without zeros at the end: the way back from `nanosOf`. */
export function dollarsOf(nanos: bigint): string {
  const digits = `${nanos}`.padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return digits.slice(0, -9) + (fraction === '' ? '' : `.${fraction}`);
}

/**
 * The price that holds at a moment (milliseconds since 1970): of the model's dated prices the latest that has begun, a
 * day beginning at midnight UTC. Undefined before the first. Embedded models cost a known zero at all times.
 */
export function priceAt(model: ModelDefinition, ms: number): Price | undefined {
  if (model.driver === 'embedded') return free;
  return model.prices.findLast((price) => Date.parse(price.from) <= ms);
}

/**
 * What a call costs, in nano-dollars: exact, rounded half up once. Undefined when the price of a class that has tokens is
 * unknown. Reasoning without a price of its own is billed as output, as every vendor does; cached input without one is
 * unknown, since vendors differ.
 */
export function costOf(usage: TokenCounts, price: Price | undefined): bigint | undefined {
  if (price === undefined) return undefined;
  const input = partOf(usage.inputTokens, price.inputPerMillion);
  const cached = partOf(usage.cachedInputTokens, price.cachedInputPerMillion);
  const output = partOf(usage.outputTokens, price.outputPerMillion);
  const reasoning = partOf(usage.reasoningTokens, price.reasoningPerMillion ?? price.outputPerMillion);
  if (input === undefined || cached === undefined || output === undefined || reasoning === undefined) {
    return undefined;
  }
  return (input + cached + output + reasoning + MILLION / 2n) / MILLION;
}

/**
 * What a call cannot cost more than, in nano-dollars, rounded up: each token at the dearest price that its kind can have.
 * Undefined when input or output has no price.
 */
export function mostOf(
  tokens: { readonly input: number; readonly output: number },
  price: Price | undefined,
): bigint | undefined {
  const { inputPerMillion: input, cachedInputPerMillion: cached = 0n } = price ?? {};
  const { outputPerMillion: output, reasoningPerMillion: reasoning = 0n } = price ?? {};
  if (input === undefined || output === undefined) return undefined;
  const most =
    BigInt(tokens.input) * dearer(input, cached) + BigInt(tokens.output) * dearer(output, reasoning);
  return (most + MILLION - 1n) / MILLION;
}

function dearer(one: bigint, other: bigint): bigint {
  if (one > other) return one;
  return other;
}

/** In nano-dollars times a million, so that nothing is rounded yet. */
function partOf(tokens: bigint, perMillion: bigint | undefined): bigint | undefined {
  return tokens === 0n ? 0n : perMillion === undefined ? undefined : tokens * perMillion;
}
