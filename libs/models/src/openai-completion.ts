import type { ScoredToken } from '@spillway/confidence/aligned-tokens';
import { Fault } from '@spillway/contracts/fault';
import { z } from 'zod';
import type { Completion, FinishReason } from './language-model.js';
import { codeOfStatus } from './openai-faults.js';
import { readTokens } from './openai-tokens.js';
import type { Wishes } from './openai-wishes.js';

/** No call has a thousandth of it; more would not fit into a bill. */
const MOST_TOKENS = 1_000_000_000;
const count = z.number().int().nonnegative().max(MOST_TOKENS);
const usageShape = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: count.nullish() }).nullish(),
});

/** What is read of an answer. Extras that are not as they should be are as good as absent. */
const answerShape = z.object({
  model: z.string().max(200).nullish().catch(undefined),
  system_fingerprint: z.string().max(200).nullish().catch(undefined),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        logprobs: z.unknown().optional(),
      }),
    )
    .min(1),
  usage: usageShape.nullish().catch(undefined),
});

/** Some gateways report an upstream's failure in the body of a 200. */
const errorShape = z.object({ error: z.object({ code: z.unknown(), message: z.unknown() }) });

/** Reads an endpoint's answer. Throws `malformed` when it is not a chat completion, or what an error in its place says. */
export function completionOf(
  body: unknown,
  {
    model,
    wishes,
    attempts,
    topTokens,
  }: { model: string; wishes: Wishes; attempts: number; topTokens: number },
): Completion {
  const parsed = answerShape.safeParse(body);
  if (!parsed.success) throw notAnAnswer(body);
  const { choices, usage, system_fingerprint, model: answering } = parsed.data;
  const choice = choices[0];
  if (choice === undefined) throw notAnAnswer(body);
  const refusal = choice.message.refusal;
  const { tokens, haveBytes } = readTokens(choice.logprobs);
  return {
    text: choice.message.content ?? '',
    ...(tokens.length === 0 ? {} : { tokens }),
    usage: usageOf(usage),
    finishReason: refusal ? 'refusal' : finishReasonOf(choice.finish_reason),
    granted: { schema: wishes.schema, bytes: haveBytes },
    fingerprint: [
      answering || model,
      system_fingerprint || '-',
      wishes.schema ? 'json_schema' : 'prompted',
      `logprobs:${kindOf(tokens, Math.min(topTokens, wishes.topTokens))}`,
    ].join('|'),
    attempts,
  };
}

/**
 * The number that was asked for: endpoints list a token more now and then, and a fingerprint that flickers would void
 * everything that rests on it.
 */
function kindOf(tokens: readonly ScoredToken[], asked: number): string {
  if (tokens.length === 0) return 'none';
  return tokens.some(({ top }) => top.length > 0) ? String(asked) : '0';
}

function notAnAnswer(body: unknown): Fault {
  const failed = errorShape.safeParse(body);
  if (!failed.success) return new Fault('malformed', "the endpoint's answer is not a chat completion");
  const code = Number(failed.data.error.code);
  const status = Number.isInteger(code) && code >= 400 && code < 600 ? code : 502;
  return new Fault(codeOfStatus(status), `the endpoint answered 200 with an error inside (${status})`);
}

/** Every reason that endpoints give for stopping. What nobody has heard of is a stop: the answer itself is read next. */
export function finishReasonOf(reason: string | null | undefined): FinishReason {
  switch (reason) {
    case 'length':
    case 'max_tokens':
    case 'model_length':
      return 'length';
    case 'content_filter':
    case 'safety':
      return 'content_filter';
    case 'refusal':
      return 'refusal';
    default:
      return 'stop';
  }
}

/** Token classes made disjoint. An endpoint that does not report its usage leaves it unknown: `estimated`, at zero. */
function usageOf(usage: z.infer<typeof usageShape> | null | undefined): Completion['usage'] {
  if (usage === null || usage === undefined) {
    return { inputTokens: 0n, cachedInputTokens: 0n, outputTokens: 0n, reasoningTokens: 0n, estimated: true };
  }
  const cached = Math.min(usage.prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens);
  const reasoning = Math.min(usage.completion_tokens_details?.reasoning_tokens ?? 0, usage.completion_tokens);
  return {
    inputTokens: BigInt(usage.prompt_tokens - cached),
    cachedInputTokens: BigInt(cached),
    outputTokens: BigInt(usage.completion_tokens - reasoning),
    reasoningTokens: BigInt(reasoning),
    estimated: false,
  };
}
