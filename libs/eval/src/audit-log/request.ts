import { detached } from './detached.js';
import {
  isEmpty,
  isObject,
  type JsonObject,
  listIn,
  objectIn,
  objectOrJsonIn,
  textIn,
} from './json-fields.js';

/** Fields in which teams name a step, each with its place by how much it says. */
const RANKS: ReadonlyMap<string, number> = new Map(
  [
    'step',
    'step_name',
    'task',
    'task_name',
    'taskName',
    'prompt_name',
    'promptName',
    'feature',
    'use_case',
    'operation',
    'generation_name',
    'trace_name',
    'traceName',
  ].map((field, rank) => [field, rank]),
);

const NAMED_TAG = /^(?:step|task|task_?name|feature|use_?case|operation|prompt_?name)\s*[:=]\s*(.+)$/i;

/** The name of a step in what a team attached to a call. */
export function nameIn(metadata: JsonObject): string | undefined {
  let name: string | undefined;
  let rank = RANKS.size;
  // What is attached has fewer fields than there are names that it could have.
  for (const field in metadata) {
    const own = RANKS.get(field) ?? rank;
    const value = metadata[field];
    if (own < rank && typeof value === 'string' && value !== '') [name, rank] = [value, own];
  }
  return name ?? nameInTags(metadata['tags']);
}

/**
 * The name of a step in tags: one that says so (`task:triage`), else the first without a key. A tag with any other key
 * (`user:17`, and the user agents that LiteLLM adds) tells calls apart, not steps.
 */
export function nameInTags(tags: unknown): string | undefined {
  if (!Array.isArray(tags)) return undefined;
  const words = tags.filter((tag): tag is string => typeof tag === 'string' && tag !== '');
  for (const word of words) {
    const named = NAMED_TAG.exec(word)?.[1];
    if (named !== undefined) return named.trim();
  }
  return words.find((word) => !/[:=]/.test(word));
}

/** The instructions of a request: Anthropic's `system`, the Responses API's `instructions`, or the first system message. */
export function systemPromptOf(request: JsonObject): string | undefined {
  const own = plainText(request['system']) ?? plainText(request['instructions']);
  return own ?? systemMessageIn(request['messages']) ?? systemMessageIn(request['input']);
}

/** The text of the first message from `system` or `developer`. */
export function systemMessageIn(messages: unknown): string | undefined {
  if (!Array.isArray(messages)) return undefined;
  for (const message of messages) {
    if (!isObject(message)) continue;
    if (message['role'] === 'system' || message['role'] === 'developer') return plainText(message['content']);
  }
  return undefined;
}

function plainText(content: unknown): string | undefined {
  if (typeof content === 'string') return content === '' ? undefined : content;
  if (!Array.isArray(content)) return undefined;
  const text = content
    .map((part) => (isObject(part) ? (textIn(part, 'text') ?? '') : ''))
    .join('\n')
    .trim();
  return text === '' ? undefined : text;
}

/** The schema of the answer, the tool that has to be used, or the only tool that may be. */
export function schemaOf(request: JsonObject): string | undefined {
  const schema =
    textIn(objectIn(objectIn(request, 'response_format'), 'json_schema'), 'name') ??
    textIn(objectIn(objectIn(request, 'text'), 'format'), 'name');
  if (schema !== undefined) return schema;
  const choice = objectIn(request, 'tool_choice');
  const forced = textIn(choice, 'name') ?? textIn(objectIn(choice, 'function'), 'name');
  if (forced !== undefined) return forced;
  const tools = listIn(request, 'tools');
  const [only] = tools;
  if (tools.length !== 1 || !isObject(only)) return undefined;
  return textIn(only, 'name') ?? textIn(objectIn(only, 'function'), 'name');
}

/** The request of a logged pair, by the names that proxies and SDK hooks give it. */
export function requestIn(line: JsonObject): JsonObject {
  for (const field of ['request', 'request_body', 'requestBody', 'kwargs']) {
    const request = objectOrJsonIn(line, field);
    const body = objectOrJsonIn(request, 'body');
    if (!isEmpty(body)) return body;
    if (!isEmpty(request)) return request;
  }
  return line;
}

/** The answer of a logged pair, of a line of a batch, or the line itself where it is the answer. */
export function responseIn(line: JsonObject): JsonObject {
  for (const field of ['response', 'response_body', 'responseBody', 'result']) {
    const response = objectOrJsonIn(line, field);
    const inner = objectOrJsonIn(response, field === 'result' ? 'message' : 'body');
    if (!isEmpty(inner)) return inner;
    if (!isEmpty(response)) return response;
  }
  return line;
}

/** Service tiers at list price. Any other one has prices of its own, so that it is part of the model's name. */
const STANDARD = new Set(['default', 'standard', 'auto', 'on_demand']);

/** No vendor's name of a model is longer. */
const LONGEST_MODEL = 200;

export function billedModel(model: string, tier: string | undefined): string {
  const name = tier === undefined || STANDARD.has(tier) ? model : `${model} (${tier})`;
  return name.length > LONGEST_MODEL ? detached(name.slice(0, LONGEST_MODEL)) : name;
}
