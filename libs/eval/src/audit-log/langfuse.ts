import {
  countIn,
  isObject,
  type JsonObject,
  momentIn,
  objectOrJsonIn,
  parsedJson,
  textIn,
} from './json-fields.js';
import { type LogLine, skipped, type TokenCounts, unreadable } from './logged-call.js';
import { billedModel, nameIn, nameInTags, systemMessageIn, systemPromptOf } from './request.js';

/** Observations that are calls of a model; the others are spans around them. */
const CALLS = new Set(['GENERATION', 'EMBEDDING']);

/**
 * An observation of Langfuse, as its API (names in camelCase) or its exports (snake_case) write it. Undefined when the line
 * is none.
 */
export function readLangfuse(line: JsonObject): LogLine | undefined {
  const type = textIn(line, 'type');
  const trace = textIn(line, 'traceId', 'trace_id');
  if (type === undefined || trace === undefined) return undefined;
  const startedMs = momentIn(line, 'startTime', 'start_time');
  if (startedMs === undefined) return undefined;
  if (!CALLS.has(type.toUpperCase())) return skipped('an observation that is no call of a model');
  const model = textIn(line, 'providedModelName', 'provided_model_name', 'model', 'internalModel');
  if (model === undefined) return unreadable('names no model');
  const tokens = tokensOf(line);
  if (typeof tokens === 'string') return unreadable(tokens);
  const input = parsedJson(line['input']);
  return {
    kind: 'call',
    call: {
      format: 'langfuse',
      model: billedModel(model, undefined),
      startedMs,
      tokens,
      name: nameOf(line),
      systemPrompt: systemMessageIn(input) ?? (isObject(input) ? systemPromptOf(input) : undefined),
    },
  };
}

/** Names that integrations give every call: they tell nothing. */
const INTEGRATIONS =
  /^(?:openai|anthropic|chat|generation|completion|llm|litellm|OpenAI-generation|ChatOpenAI|ChatAnthropic)/i;

function nameOf(line: JsonObject): string | undefined {
  const prompt = textIn(line, 'promptName', 'prompt_name');
  if (prompt !== undefined) return prompt;
  const named = nameIn(objectOrJsonIn(line, 'metadata'));
  if (named !== undefined) return named;
  const own = textIn(line, 'name');
  if (own !== undefined && !INTEGRATIONS.test(own)) return own;
  return textIn(line, 'traceName', 'trace_name') ?? nameInTags(line['tags'] ?? line['trace_tags']);
}

/** Usage under the names that Langfuse's own integrations and those of OpenTelemetry write. */
const CACHED = /cache[_.]?read|cached/;
const WRITTEN = /cache[_.]?(?:creation|write)/;

function tokensOf(line: JsonObject): TokenCounts | string {
  const details = detailsOf(line);
  if (details === undefined) return 'has no count of tokens';
  const parts = { cachedInput: 0, cacheWrite: 0, cacheWriteLong: 0, reasoning: 0, audioIn: 0, audioOut: 0 };
  for (const [name, count] of Object.entries(details)) {
    if (typeof count !== 'number' || name === 'input' || name === 'output' || name === 'total') continue;
    if (countIn(details, name) === undefined) return 'has a count of tokens that is none';
    parts[partOf(name)] += count;
  }
  return withTotals(details, parts);
}

function detailsOf(line: JsonObject): JsonObject | undefined {
  for (const field of ['usageDetails', 'usage_details', 'usage']) {
    const details = objectOrJsonIn(line, field);
    if (countIn(details, 'input') !== undefined && countIn(details, 'output') !== undefined) return details;
  }
  const input = countIn(line, 'promptTokens') ?? countIn(line, 'prompt_tokens');
  const output = countIn(line, 'completionTokens') ?? countIn(line, 'completion_tokens');
  return input === undefined || output === undefined ? undefined : { input, output };
}

type Parts = Record<
  'cachedInput' | 'cacheWrite' | 'cacheWriteLong' | 'reasoning' | 'audioIn' | 'audioOut',
  number
>;

/** Audio is also where a kind of token goes that nobody here knows: it has no price, and a guess would be one. */
function partOf(name: string): keyof Parts {
  if (WRITTEN.test(name)) return /1h/.test(name) ? 'cacheWriteLong' : 'cacheWrite';
  if (CACHED.test(name)) return 'cachedInput';
  if (/reasoning|thinking/.test(name)) return 'reasoning';
  return /output|completion/.test(name) ? 'audioOut' : 'audioIn';
}

/**
 * Langfuse's parts stand beside input and output, and its total sums up all of them; what OpenTelemetry brings in has the
 * parts inside. The total tells which it is.
 */
function withTotals(details: JsonObject, parts: Parts): TokenCounts | string {
  const input = countIn(details, 'input') ?? 0;
  const output = countIn(details, 'output') ?? 0;
  const total = countIn(details, 'total');
  const inside = total === input + output;
  const { audioIn, audioOut, reasoning, ...inputs } = parts;
  const audio = audioIn + audioOut;
  if (!inside) return { ...inputs, input, output, reasoning, audio };
  const plain = input - inputs.cachedInput - inputs.cacheWrite - inputs.cacheWriteLong - audioIn;
  const visible = output - reasoning - audioOut;
  if (plain < 0 || visible < 0) return 'counts more tokens in the parts than in the whole';
  return { ...inputs, input: plain, output: visible, reasoning, audio };
}
