import { countIn, type JsonObject, momentIn, objectIn, textIn } from './json-fields.js';
import { type LogFormat, type LogLine, skipped, type TokenCounts, unreadable } from './logged-call.js';
import { billedModel, nameIn, requestIn, responseIn, schemaOf, systemPromptOf } from './request.js';

const MOMENTS = ['timestamp', 'time', 'ts', 'created_at', 'start_time', 'startTime'] as const;

/**
 * A line with an answer of OpenAI's chat completions or responses: a pair of request and response, a line of a batch's
 * output, the answer alone, or the last piece of a streamed one. Undefined when it is none of these.
 */
export function readOpenAi(line: JsonObject): LogLine | undefined {
  const response = responseIn(line);
  const format = formatOf(response);
  if (format === undefined) return undefined;
  const usage = objectIn(response, 'usage');
  if (response['object'] === 'chat.completion.chunk' && !('prompt_tokens' in usage)) {
    return skipped('a piece of a stream, whose last piece has the tokens');
  }
  const tokens = openAiTokens(usage);
  if (typeof tokens === 'string') return unreadable(tokens);
  const request = requestIn(line);
  const model = textIn(response, 'model') ?? textIn(request, 'model');
  if (model === undefined) return unreadable('names no model');
  const tier = isBatch(line) ? 'batch' : textIn(response, 'service_tier');
  return {
    kind: 'call',
    call: {
      format,
      model: billedModel(model, tier),
      startedMs: momentIn(response, 'created', 'created_at') ?? momentIn(line, ...MOMENTS),
      tokens,
      name: nameOf(line, request, response),
      systemPrompt: systemPromptOf(request) ?? systemPromptOf(response),
      schema: schemaOf(request) ?? schemaOf(response),
    },
  };
}

function formatOf(response: JsonObject): LogFormat | undefined {
  switch (response['object']) {
    case 'chat.completion':
    case 'chat.completion.chunk':
      return 'openai-chat';
    case 'response':
      return 'openai-responses';
    default:
      return undefined;
  }
}

/** A line of a batch's output has the answer under `response.body`, and the id that the batch gave the request. */
const isBatch = (line: JsonObject): boolean =>
  textIn(line, 'custom_id') !== undefined && textIn(line, 'id')?.startsWith('batch_req_') === true;

function nameOf(line: JsonObject, request: JsonObject, response: JsonObject): string | undefined {
  return (
    nameIn(objectIn(request, 'metadata')) ??
    nameIn(objectIn(response, 'metadata')) ??
    nameIn(objectIn(line, 'metadata')) ??
    nameIn(line) ??
    textIn(objectIn(request, 'prompt'), 'id') ??
    textIn(objectIn(response, 'prompt'), 'id')
  );
}

/**
 * Tokens of a usage object of OpenAI, where the details are parts of the totals. Also of LiteLLM, which has Anthropic's
 * names for the parts of caches beside OpenAI's for the totals. A text says what is wrong.
 */
export function openAiTokens(usage: JsonObject): TokenCounts | string {
  const input = countIn(usage, 'prompt_tokens') ?? countIn(usage, 'input_tokens');
  const output = countIn(usage, 'completion_tokens') ?? countIn(usage, 'output_tokens');
  if (input === undefined || output === undefined) return 'has no count of tokens';
  const ins = detailsIn(usage, 'prompt_tokens_details', 'input_tokens_details');
  const outs = detailsIn(usage, 'completion_tokens_details', 'output_tokens_details');
  const cachedInput = countIn(ins, 'cached_tokens') ?? countIn(usage, 'cache_read_input_tokens') ?? 0;
  const written =
    countIn(ins, 'cache_write_tokens') ??
    countIn(ins, 'cache_creation_tokens') ??
    countIn(usage, 'cache_creation_input_tokens') ??
    0;
  const cacheWriteLong = Math.min(
    written,
    countIn(objectIn(ins, 'cache_creation_token_details'), 'ephemeral_1h_input_tokens') ?? 0,
  );
  const audioIn = countIn(ins, 'audio_tokens') ?? 0;
  const audioOut = countIn(outs, 'audio_tokens') ?? 0;
  const reasoning = countIn(outs, 'reasoning_tokens') ?? 0;
  const plain = input - cachedInput - written - audioIn;
  const visible = output - reasoning - audioOut;
  if (plain < 0 || visible < 0) return 'counts more tokens in the parts than in the whole';
  return {
    input: plain,
    cachedInput,
    cacheWrite: written - cacheWriteLong,
    cacheWriteLong,
    output: visible,
    reasoning,
    audio: audioIn + audioOut,
  };
}

const detailsIn = (usage: JsonObject, chat: string, responses: string): JsonObject =>
  objectIn(usage, chat in usage ? chat : responses);
