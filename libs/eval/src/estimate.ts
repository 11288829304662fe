import { costBound, pricedAs, tokenBound } from '@spillway/models/cost';
import type { LanguageModel, Prompt, StepName } from '@spillway/models/language-model';
import { MAX_ANSWERS } from '@spillway/models/runner';
import type { ModelDefinition, Pack } from '@spillway/pack/pack';
import { priceAt } from '@spillway/pack/prices';

/** What one model is to be asked for one step. */
export interface Asking {
  readonly step: StepName;
  readonly model: Pick<LanguageModel, 'name' | 'embedded'>;
  /** A prompt for each answer that is not there yet. */
  readonly prompts: readonly Prompt[];
  /** Answers that are there already, and cost nothing. */
  readonly known: number;
  /** Calls for one answer, 1 or more. */
  readonly samples: number;
  /** How often one call is tried at the most. */
  readonly attempts: number;
}

/** What answers can cost at the most. Money is in nano-dollars, undefined: unknown. */
export interface CallEstimate {
  readonly step: StepName;
  readonly model: string;
  /** Runs in the process: there is nothing to pay. */
  readonly embedded: boolean;
  /** Calls to make when each is answered at once. */
  readonly calls: number;
  readonly known: number;
  /** Tokens of these calls at the most: a prompt has no more of them than bytes, an answer no more than it may have. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** What these calls cannot cost more than. */
  readonly onceNanos: bigint | undefined;
  /** The same with every repeat that can be on the bill: each try, and the second answer in place of one off the schema. */
  readonly mostNanos: bigint | undefined;
  /** ISO day of the price; undefined where there is none. */
  readonly pricesFrom: string | undefined;
}

/** Bounds what it costs to ask a model, at the price that holds now (milliseconds since the epoch). */
export function estimateCalls(pack: Pack, asking: Asking, nowMs: number): CallEstimate {
  const { step, model, prompts, known, samples, attempts } = asking;
  const calls = prompts.length * samples;
  const tokens = prompts.map(tokenBound).reduce(
    (sum, { input, output }) => ({
      input: sum.input + samples * input,
      output: sum.output + samples * output,
    }),
    { input: 0, output: 0 },
  );
  const definition = model.embedded ? undefined : pricedAs(pack, model.name);
  const price = definition === undefined ? undefined : priceAt(definition, nowMs);
  const onceNanos = model.embedded ? 0n : sumOf(definition, asking, nowMs);
  // Samples are not asked for again: one that cannot be read votes for nothing.
  const repeats = BigInt(attempts * (samples === 1 ? MAX_ANSWERS : 1));
  return {
    step,
    model: model.name,
    embedded: model.embedded,
    calls,
    known,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    onceNanos,
    mostNanos: onceNanos === undefined ? undefined : onceNanos * repeats,
    pricesFrom: price?.from,
  };
}

function sumOf(
  definition: ModelDefinition | undefined,
  { prompts, samples }: Asking,
  nowMs: number,
): bigint | undefined {
  let sum = 0n;
  for (const prompt of prompts) {
    const bound = definition === undefined ? undefined : costBound(definition, prompt, nowMs);
    if (bound === undefined) return undefined;
    sum += bound * BigInt(samples);
  }
  return sum;
}

/** What all of it cannot cost more than, in nano-dollars; undefined where a part is unknown. */
export function mostOfAll(estimates: readonly CallEstimate[]): bigint | undefined {
  let sum = 0n;
  for (const { mostNanos } of estimates) {
    if (mostNanos === undefined) return undefined;
    sum += mostNanos;
  }
  return sum;
}
