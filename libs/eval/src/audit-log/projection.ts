import type { Assumptions } from './assumptions.js';
import type { TokenCounts } from './logged-call.js';
import { costOfCall, inputTokensOf, type PriceRow, type PriceTable } from './price-table.js';
import type { LogTally, Spend, StepSpend } from './tally.js';

/** A step as it is, and as it would be. Money in nano-dollars; undefined: unknown. */
export interface StepProjection {
  readonly spend: StepSpend;
  readonly todayNanos: bigint | undefined;
  readonly keptMillionths: number;
  /** The bill with a small model first. A step that would not be cheaper stays as it is. */
  readonly smallFirstNanos: bigint | undefined;
  readonly savedNanos: bigint | undefined;
  readonly fineTuning: FineTuning;
}

/** From how many calls on a fine-tuned model has earned its training, as against today's bill. */
export type FineTuning =
  | { readonly pays: 'after'; readonly calls: bigint; readonly savedPerMillionCallsNanos: bigint }
  | { readonly pays: 'never' | 'unknown' };

export interface Projection {
  /** The dearest step first; what is unknown last. */
  readonly steps: readonly StepProjection[];
  readonly todayNanos: bigint | undefined;
  readonly smallFirstNanos: bigint | undefined;
  readonly savedNanos: bigint | undefined;
  /** Steps with something to save, by how much: the order in which to evaluate a small model. */
  readonly evaluateFirst: readonly StepProjection[];
  /** Latest day on which a source of the assumed models' prices was read; left out where none was used. */
  readonly pricesChecked: string | undefined;
}

const ALL = 1_000_000n;

/** What a log's calls cost, what they would cost with a small model first, and when fine-tuning pays. */
export function project(tally: LogTally, prices: PriceTable, assumptions: Assumptions): Projection {
  const steps = tally.steps
    .map((spend) => projectStep(spend, prices, assumptions))
    .sort(by(({ spend }) => spend.knownNanos));
  return {
    steps,
    todayNanos: knownOf(tally.total),
    smallFirstNanos: sumOf(steps.map(({ smallFirstNanos }) => smallFirstNanos)),
    savedNanos: sumOf(steps.map(({ savedNanos }) => savedNanos)),
    evaluateFirst: steps
      .filter(({ savedNanos = 0n }) => savedNanos > 0n)
      .sort(by(({ savedNanos = 0n }) => savedNanos)),
    pricesChecked: tally.steps
      .flatMap((spend) =>
        [assumptions.small, assumptions.tuned].map((model) => priceOf(model, spend, prices)),
      )
      .flatMap((row) => row?.checked ?? [])
      .sort()
      .at(-1),
  };
}

const by =
  (amount: (step: StepProjection) => bigint) =>
  (left: StepProjection, right: StepProjection): number =>
    Number(amount(right) > amount(left)) - Number(amount(right) < amount(left));

function projectStep(spend: StepSpend, prices: PriceTable, assumptions: Assumptions): StepProjection {
  const keptMillionths = assumptions.keptMillionthsOf.get(spend.step.label) ?? assumptions.keptMillionths;
  const todayNanos = knownOf(spend);
  const projected = smallFirst(spend, priceOf(assumptions.small, spend, prices), keptMillionths);
  const cheaper =
    todayNanos !== undefined && projected !== undefined && projected > todayNanos ? todayNanos : projected;
  return {
    spend,
    todayNanos,
    keptMillionths,
    smallFirstNanos: cheaper,
    savedNanos: todayNanos === undefined || cheaper === undefined ? undefined : todayNanos - cheaper,
    fineTuning: fineTuning(spend, prices, assumptions),
  };
}

/** Undefined as soon as one call has no price: a total of what is known would be too small. */
export const knownOf = ({ knownNanos, unpriced }: Spend): bigint | undefined =>
  unpriced > 0 ? undefined : knownNanos;

function sumOf(parts: readonly (bigint | undefined)[]): bigint | undefined {
  let sum = 0n;
  for (const part of parts) {
    if (part === undefined) return undefined;
    sum += part;
  }
  return sum;
}

/** The latest price for prompts as long as the step's are on average. */
const priceOf = (model: string, { calls, tokens }: Spend, prices: PriceTable): PriceRow | undefined =>
  prices.rowFor(model, undefined, Math.ceil(inputTokensOf(tokens) / Math.max(1, calls)));

/**
 * All calls on the small model, and those that it does not keep on today's model as well. Rounded half up once. Undefined
 * where a price is unknown.
 */
export function smallFirst(
  spend: Spend,
  small: PriceRow | undefined,
  keptMillionths: number,
): bigint | undefined {
  const today = knownOf(spend);
  const onSmall = costOfCall(plain(spend.tokens, small), small);
  if (today === undefined || onSmall === undefined) return undefined;
  return onSmall + (today * (ALL - BigInt(keptMillionths)) + ALL / 2n) / ALL;
}

/** The same tokens on another model: no cache is taken for granted where that model has no price for it. */
function plain(tokens: TokenCounts, row: PriceRow | undefined): TokenCounts {
  const cached = row?.perMillion.cachedInput === undefined ? tokens.cachedInput : 0;
  return {
    ...tokens,
    input: tokens.input + cached + tokens.cacheWrite + tokens.cacheWriteLong,
    cachedInput: tokens.cachedInput - cached,
    cacheWrite: 0,
    cacheWriteLong: 0,
  };
}

function fineTuning(spend: StepSpend, prices: PriceTable, assumptions: Assumptions): FineTuning {
  const today = knownOf(spend);
  const tuned = smallFirst(spend, priceOf(assumptions.tuned, spend, prices), assumptions.tunedKeptMillionths);
  if (today === undefined || tuned === undefined) return { pays: 'unknown' };
  return breakEven(
    { todayNanos: today, tunedNanos: tuned, calls: BigInt(spend.calls) },
    assumptions.trainingNanos,
  );
}

/** What so many calls cost today and would cost on a fine-tuned model, in nano-dollars. */
export interface BothBills {
  readonly todayNanos: bigint;
  readonly tunedNanos: bigint;
  readonly calls: bigint;
}

/** From how many calls on the saving has paid for the training, rounded up. */
export function breakEven({ todayNanos, tunedNanos, calls }: BothBills, trainingNanos: bigint): FineTuning {
  const saved = todayNanos - tunedNanos;
  if (saved <= 0n) return { pays: 'never' };
  return {
    pays: 'after',
    calls: (trainingNanos * calls + saved - 1n) / saved,
    savedPerMillionCallsNanos: (saved * ALL) / calls,
  };
}
