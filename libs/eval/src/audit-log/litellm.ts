import {
  isEmpty,
  isObject,
  type JsonObject,
  momentIn,
  objectIn,
  objectOrJsonIn,
  parsedJson,
  textIn,
} from './json-fields.js';
import { type LogLine, skipped, unreadable } from './logged-call.js';
import { openAiTokens } from './openai.js';
import { billedModel, nameIn, nameInTags, schemaOf, systemMessageIn, systemPromptOf } from './request.js';

/**
 * A line of LiteLLM: its standard logging payload (as its loggers for files and buckets write it, alone or under
 * `standard_logging_object`), or a row of its spend logs. Undefined when it is neither.
 */
export function readLiteLlm(outer: JsonObject): LogLine | undefined {
  const line = isObject(outer['standard_logging_object']) ? outer['standard_logging_object'] : outer;
  if (typeof line['call_type'] !== 'string') return undefined;
  if (!('prompt_tokens' in line) && !('response' in line)) return undefined;
  const metadata = objectOrJsonIn(line, 'metadata');
  if (textIn(line, 'status') === 'failure' || textIn(metadata, 'status') === 'failure') {
    return skipped('a call that failed');
  }
  if (isTrue(line['cache_hit'])) return skipped("a call that was answered from the proxy's own cache");
  const response = objectOrJsonIn(line, 'response');
  const tokens = openAiTokens(usageOf(line, metadata, response));
  if (typeof tokens === 'string') return unreadable(tokens);
  const model = textIn(line, 'model') ?? textIn(response, 'model');
  if (model === undefined) return unreadable('names no model');
  const request = requestOf(line);
  const tier = textIn(response, 'service_tier');
  return {
    kind: 'call',
    call: {
      format: 'litellm',
      model: billedModel(atPlatform(model, textIn(line, 'custom_llm_provider')), tier),
      startedMs: momentIn(line, 'startTime', 'start_time'),
      tokens,
      name:
        nameInTags(parsedJson(line['request_tags'])) ??
        nameIn(objectIn(metadata, 'requester_metadata')) ??
        nameIn(objectIn(metadata, 'spend_logs_metadata')) ??
        nameIn(metadata),
      systemPrompt: systemMessageIn(parsedJson(line['messages'])) ?? systemPromptOf(request),
      schema: schemaOf(request),
    },
  };
}

/** Platforms whose models have their names in the price table to themselves. */
const VENDORS: readonly string[] = ['openai', 'anthropic'];

/** LiteLLM takes the platform off a model's name and keeps it beside: another platform has prices of its own. */
const atPlatform = (model: string, platform: string | undefined): string =>
  platform === undefined || VENDORS.includes(platform) || model.startsWith(`${platform}/`)
    ? model
    : `${platform}/${model}`;

/** The fullest account of the tokens: of the vendor, as the proxy kept it, or the row's totals. */
function usageOf(line: JsonObject, metadata: JsonObject, response: JsonObject): JsonObject {
  for (const usage of [objectIn(metadata, 'usage_object'), objectIn(response, 'usage')]) {
    if ('prompt_tokens' in usage || 'input_tokens' in usage) return usage;
  }
  return line;
}

function requestOf(line: JsonObject): JsonObject {
  const proxied = objectOrJsonIn(line, 'proxy_server_request');
  const body = objectOrJsonIn(proxied, 'body');
  if (!isEmpty(body)) return body;
  if (!isEmpty(proxied)) return proxied;
  return objectOrJsonIn(line, 'model_parameters');
}

/** Spend logs write booleans as words. */
const isTrue = (value: unknown): boolean =>
  value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
