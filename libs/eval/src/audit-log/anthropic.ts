import { countIn, type JsonObject, momentIn, objectIn, textIn } from './json-fields.js';
import { type LogLine, skipped, type TokenCounts, unreadable } from './logged-call.js';
import { billedModel, nameIn, requestIn, responseIn, schemaOf, systemPromptOf } from './request.js';

const MOMENTS = ['timestamp', 'time', 'ts', 'created_at', 'start_time', 'startTime'] as const;

/**
 * A line with an answer of Anthropic's messages: a pair of request and response, a line of a batch's results, or the answer
 * alone. Undefined when it is none of these.
 */
export function readAnthropic(line: JsonObject): LogLine | undefined {
  const result = objectIn(line, 'result');
  const batch = 'custom_id' in line && 'type' in result;
  if (batch && result['type'] !== 'succeeded') return skipped('a request of a batch that did not succeed');
  const response = responseIn(line);
  if (response['type'] !== 'message') return undefined;
  const usage = objectIn(response, 'usage');
  const tokens = anthropicTokens(usage);
  if (tokens === undefined) return unreadable('has no count of tokens');
  const request = requestIn(line);
  const model = textIn(response, 'model') ?? textIn(request, 'model');
  if (model === undefined) return unreadable('names no model');
  return {
    kind: 'call',
    call: {
      format: 'anthropic',
      model: billedModel(model, batch ? 'batch' : textIn(usage, 'service_tier')),
      startedMs: momentIn(line, ...MOMENTS),
      tokens,
      name: nameIn(objectIn(request, 'metadata')) ?? nameIn(objectIn(line, 'metadata')) ?? nameIn(line),
      systemPrompt: systemPromptOf(request),
      schema: schemaOf(request),
    },
  };
}

/** Tokens of a usage object of Anthropic, where input, cache reads and cache writes stand beside each other. */
function anthropicTokens(usage: JsonObject): TokenCounts | undefined {
  const input = countIn(usage, 'input_tokens');
  const output = countIn(usage, 'output_tokens');
  if (input === undefined || output === undefined) return undefined;
  const written = countIn(usage, 'cache_creation_input_tokens') ?? 0;
  const long = countIn(objectIn(usage, 'cache_creation'), 'ephemeral_1h_input_tokens') ?? 0;
  return {
    input,
    cachedInput: countIn(usage, 'cache_read_input_tokens') ?? 0,
    cacheWrite: Math.max(0, written - long),
    cacheWriteLong: long,
    output,
    reasoning: 0,
    audio: 0,
  };
}
