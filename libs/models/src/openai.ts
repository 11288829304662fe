import type OpenAI from 'openai';
import { Agent } from './connections.js';
import type { LanguageModel, Prompt } from './language-model.js';
import { chatClient } from './openai-client.js';
import { completionOf } from './openai-completion.js';
import { faultOf } from './openai-faults.js';
import { boundedFetch } from './openai-fetch.js';
import { concede, everything, type Wishes } from './openai-wishes.js';

export interface OpenAiOptions {
  /** Name under which the pack lists the model. */
  readonly name: string;
  /** Up to and including `/v1`, as vendors print it. */
  readonly baseUrl: string;
  /** Left out: no Authorization header is sent. */
  readonly apiKey?: string;
  /** Name that the endpoint knows the model by. */
  readonly model: string;
  /** Connections that are kept open at most. */
  readonly connections: number;
  /** Bytes of an answer, token probabilities included, after decompression. */
  readonly maxResponseBytes?: number;
}

export interface OpenAiModel extends LanguageModel {
  /** Closes the connections once the calls in flight are done. */
  close(): Promise<void>;
}

/** Milliseconds to open a connection. How long a call may take is the timeout layer's business. */
const CONNECT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * A model behind any endpoint that speaks OpenAI's chat completions: OpenAI, vLLM, llama.cpp, Ollama, a gateway.
 *
 * It asks for an answer under a JSON schema with token log-probabilities. What the endpoint refuses to
 * grant it asks for no longer, and remembers; whether probabilities came is told by the completion alone, since many
 * endpoints accept the wish and drop it.
 */
export function openAiCompatible(options: OpenAiOptions): OpenAiModel {
  const { name, model, maxResponseBytes = 8 * 2 ** 20 } = options;
  const agent = new Agent({
    connections: options.connections,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_MS },
  });
  const client = chatClient(options, boundedFetch(agent, maxResponseBytes));
  let granted = everything;

  return {
    name,
    embedded: false,
    close: () => agent.close(),
    async complete(prompt, signal) {
      const before = granted;
      let wishes = before;
      for (let attempts = 1; ; attempts += 1) {
        try {
          const headers = { 'idempotency-key': encodeURI(prompt.callId) };
          const answer = await client.chat.completions.create(requestOf(prompt, model, wishes), {
            signal,
            headers,
          });
          // Only now is it sure that this wish was what the endpoint minded.
          if (wishes !== before) granted = wishes;
          return completionOf(answer, { model, wishes, attempts, topTokens: prompt.topTokens });
        } catch (error) {
          const fewer = signal.aborted ? undefined : concede(wishes, error);
          if (fewer === undefined) throw faultOf(error, name, signal);
          wishes = fewer;
        }
      }
    },
  };
}

function requestOf(
  { system, user, schema, step, maxOutputTokens, temperature, topTokens }: Prompt,
  model: string,
  wishes: Wishes,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  const described = schema === undefined || wishes.schema ? '' : `\n\n${inWords(schema)}`;
  return {
    model,
    messages: [
      { role: 'system', content: system + described },
      { role: 'user', content: user },
    ],
    [wishes.tokenLimit]: maxOutputTokens,
    ...(wishes.temperature ? { temperature } : {}),
    ...(wishes.topTokens > 0 ? { logprobs: true, top_logprobs: Math.min(topTokens, wishes.topTokens) } : {}),
    ...(schema !== undefined && wishes.schema
      ? {
          response_format: {
            type: 'json_schema',
            json_schema: { name: step, strict: true, schema: { ...schema } },
          },
        }
      : {}),
  };
}

const inWords = (schema: NonNullable<Prompt['schema']>): string =>
  `Answer with one JSON object and nothing else. It must fit this JSON schema: ${JSON.stringify(schema)}`;
