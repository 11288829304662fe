import { readAnthropic } from './anthropic.js';
import { isObject, type JsonObject } from './json-fields.js';
import { readLangfuse } from './langfuse.js';
import { readLiteLlm } from './litellm.js';
import { type LogLine, skipped, unreadable } from './logged-call.js';
import { readOpenAi } from './openai.js';
import { responseIn } from './request.js';

/** What wraps others comes first: LiteLLM's lines hold answers of OpenAI's kind. */
const READERS: readonly ((line: JsonObject) => LogLine | undefined)[] = [
  readLiteLlm,
  readLangfuse,
  readOpenAi,
  readAnthropic,
];

/** Reads one line of a log, whatever its format. Never throws; a reason holds nothing of the line. */
export function readLogLine(text: string): LogLine {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return unreadable('is not JSON');
  }
  if (!isObject(json)) return unreadable('is no JSON object');
  for (const read of READERS) {
    const line = read(json);
    if (line !== undefined) return line;
  }
  if (isObject(json['error']) || isObject(responseIn(json)['error'])) return skipped('a call that failed');
  return unreadable('is of no format that is known');
}
