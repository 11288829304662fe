import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoggedCall, TokenCounts } from './logged-call.js';
import { readLogLine } from './read-line.js';

const none: TokenCounts = {
  input: 0,
  cachedInput: 0,
  cacheWrite: 0,
  cacheWriteLong: 0,
  output: 0,
  reasoning: 0,
  audio: 0,
};
const SYSTEM = 'You sort messages of customers.';
const messages = [
  { role: 'system', content: SYSTEM },
  { role: 'user', content: 'Where is my parcel?' },
];

const chat = {
  id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
  object: 'chat.completion',
  created: 1_741_569_952,
  model: 'gpt-4.1-2025-04-14',
  choices: [{ index: 0, message: { role: 'assistant', content: 'parcel' }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 1_900,
    completion_tokens: 10,
    total_tokens: 1_910,
    prompt_tokens_details: { cached_tokens: 1_024, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 4, audio_tokens: 0 },
  },
  service_tier: 'default',
};

const answered = {
  id: 'resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b',
  object: 'response',
  created_at: 1_741_476_542,
  model: 'gpt-5-2025-08-07',
  instructions: SYSTEM,
  metadata: {},
  text: { format: { type: 'json_schema', name: 'triage' } },
  usage: {
    input_tokens: 328,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 900,
    output_tokens_details: { reasoning_tokens: 832 },
    total_tokens: 1_228,
  },
};

const message = {
  id: 'msg_013Zva2CMHLNnXjNJJKqJ2EF',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'Hi!' }],
  usage: {
    input_tokens: 95,
    cache_creation_input_tokens: 3_000,
    cache_read_input_tokens: 200,
    cache_creation: { ephemeral_5m_input_tokens: 2_000, ephemeral_1h_input_tokens: 1_000 },
    output_tokens: 50,
    service_tier: 'standard',
  },
};

const payload = {
  id: 'chatcmpl-1',
  call_type: 'acompletion',
  status: 'success',
  response_cost: 0.0002,
  prompt_tokens: 3_295,
  completion_tokens: 50,
  startTime: 1_741_569_952.25,
  endTime: 1_741_569_953.1,
  model: 'anthropic/claude-sonnet-4-5',
  request_tags: ['User-Agent: openai-python', 'jobID:21459', 'taskName:page_sorting'],
  metadata: {
    user_api_key_hash: 'b8',
    usage_object: {
      prompt_tokens: 3_295,
      completion_tokens: 50,
      cache_read_input_tokens: 200,
      cache_creation_input_tokens: 3_000,
      prompt_tokens_details: { cached_tokens: 200, cache_creation_tokens: 3_000 },
    },
  },
  messages,
  response: chat,
};

const spend = {
  request_id: 'chatcmpl-2',
  call_type: 'acompletion',
  spend: 0.00002,
  prompt_tokens: 20,
  completion_tokens: 5,
  startTime: '2025-03-10T01:25:52.250000',
  model: 'gpt-4o-mini',
  metadata: '{"status": "success", "spend_logs_metadata": {"step": "triage"}}',
  cache_hit: 'False',
  messages: '{}',
  response: '{}',
};

const exported = {
  id: 'o1',
  trace_id: 't1',
  type: 'GENERATION',
  start_time: '2025-03-10 01:25:52.250000',
  name: 'OpenAI-generation',
  prompt_name: 'urgency',
  provided_model_name: 'gpt-4o-mini',
  input: JSON.stringify(messages),
  usage_details: { input: 10, output: 1, input_cached_tokens: 30, total: 41 },
};

const fetched = {
  id: 'o2',
  traceId: 't2',
  type: 'GENERATION',
  startTime: '2025-03-10T01:25:52.250Z',
  name: 'draft reply',
  model: 'gpt-5.6',
  input: { messages },
  usageDetails: {
    input: 420,
    output: 110,
    total: 530,
    'input_tokens.cache_read': 100,
    'input_tokens.cache_write': 20,
    'output_tokens.reasoning': 30,
  },
};

const AT = 1_741_569_952_000;
const calls: readonly [string, unknown, Partial<LoggedCall>][] = [
  [
    'a pair of chat completions',
    { request: { model: 'gpt-4.1', messages, metadata: { step: 'sort' } }, response: chat },
    {
      format: 'openai-chat',
      model: 'gpt-4.1-2025-04-14',
      startedMs: AT,
      name: 'sort',
      systemPrompt: SYSTEM,
      tokens: { ...none, input: 876, cachedInput: 1_024, output: 6, reasoning: 4 },
    },
  ],
  [
    'an answer of chat completions alone, in the flex tier',
    { ...chat, service_tier: 'flex' },
    { format: 'openai-chat', model: 'gpt-4.1-2025-04-14 (flex)', name: undefined },
  ],
  [
    "a line of a batch's output",
    { id: 'batch_req_1', custom_id: 'a', response: { status_code: 200, body: chat }, error: null },
    { format: 'openai-chat', model: 'gpt-4.1-2025-04-14 (batch)' },
  ],
  [
    'the last piece of a streamed answer',
    { ...chat, object: 'chat.completion.chunk', choices: [] },
    { format: 'openai-chat', startedMs: AT },
  ],
  [
    'a tool that has to be used',
    {
      request: { messages, tool_choice: { type: 'function', function: { name: 'save' } } },
      response: chat,
    },
    { schema: 'save' },
  ],
  [
    'an answer of the responses API',
    answered,
    {
      format: 'openai-responses',
      startedMs: 1_741_476_542_000,
      schema: 'triage',
      systemPrompt: SYSTEM,
      tokens: { ...none, input: 328, output: 68, reasoning: 832 },
    },
  ],
  [
    'a pair of Anthropic messages',
    {
      timestamp: '2025-03-10T01:25:52Z',
      request: { system: [{ type: 'text', text: SYSTEM }], messages: [], tools: [{ name: 'reply' }] },
      response: message,
    },
    {
      format: 'anthropic',
      startedMs: AT,
      systemPrompt: SYSTEM,
      schema: 'reply',
      tokens: {
        ...none,
        input: 95,
        cachedInput: 200,
        cacheWrite: 2_000,
        cacheWriteLong: 1_000,
        output: 50,
      },
    },
  ],
  [
    "a result of Anthropic's batches",
    { custom_id: 'a', result: { type: 'succeeded', message } },
    { format: 'anthropic', model: 'claude-sonnet-4-5-20250929 (batch)', startedMs: undefined },
  ],
  [
    "LiteLLM's payload",
    payload,
    {
      format: 'litellm',
      model: 'anthropic/claude-sonnet-4-5',
      startedMs: AT + 250,
      name: 'page_sorting',
      systemPrompt: SYSTEM,
      tokens: { ...none, input: 95, cachedInput: 200, cacheWrite: 3_000, output: 50 },
    },
  ],
  [
    "LiteLLM's payload as its callbacks have it",
    { standard_logging_object: payload, kwargs: {} },
    { format: 'litellm', name: 'page_sorting' },
  ],
  [
    "a row of LiteLLM's spend logs",
    spend,
    {
      format: 'litellm',
      startedMs: AT + 250,
      name: 'triage',
      tokens: { ...none, input: 20, output: 5 },
    },
  ],
  [
    'a row of spend logs of a model on another platform, which has prices of its own',
    { ...spend, model: 'gpt-4o', custom_llm_provider: 'azure' },
    { model: 'azure/gpt-4o' },
  ],
  [
    'a row of spend logs that names the platform twice',
    { ...spend, model: 'bedrock/claude-sonnet-4-5', custom_llm_provider: 'bedrock' },
    { model: 'bedrock/claude-sonnet-4-5' },
  ],
  [
    "a row of spend logs of a vendor's own model",
    { ...spend, model: 'gpt-4o', custom_llm_provider: 'openai' },
    { model: 'gpt-4o' },
  ],
  [
    'an exported observation of Langfuse',
    exported,
    {
      format: 'langfuse',
      model: 'gpt-4o-mini',
      startedMs: AT + 250,
      name: 'urgency',
      systemPrompt: SYSTEM,
      tokens: { ...none, input: 10, cachedInput: 30, output: 1 },
    },
  ],
  [
    "an observation of Langfuse's API, its parts inside the totals",
    fetched,
    {
      format: 'langfuse',
      name: 'draft reply',
      systemPrompt: SYSTEM,
      tokens: { ...none, input: 300, cachedInput: 100, cacheWrite: 20, output: 80, reasoning: 30 },
    },
  ],
  [
    'one with kinds inside the totals that have no price here, each taken out of its total',
    {
      ...fetched,
      usageDetails: {
        input: 420,
        output: 110,
        total: 530,
        'input_tokens.audio': 50,
        'output_tokens.audio': 10,
      },
    },
    { tokens: { ...none, input: 370, output: 100, audio: 60 } },
  ],
];

describe('a line of a log', () => {
  it.each(calls)('%s', (_, line, expected) => {
    expect(readLogLine(JSON.stringify(line))).toMatchObject({ kind: 'call', call: expected });
  });

  it.each([
    ['a failed call of a proxy', { ...payload, status: 'failure' }],
    ["an answer from the proxy's cache", { ...payload, cache_hit: true }],
    ['a span', { ...fetched, type: 'SPAN' }],
    ['a piece of a stream', { ...chat, object: 'chat.completion.chunk', usage: null }],
    ['a refused request', { request: { messages }, response: { error: { message: 'no' } } }],
    ['a request of a batch that expired', { custom_id: 'a', result: { type: 'expired' } }],
  ])('%s is left out', (_, line) => {
    expect(readLogLine(JSON.stringify(line)).kind).toBe('skipped');
  });

  it.each([
    ['no JSON', '{"a": secret', 'is not JSON'],
    ['a list', '[]', 'is no JSON object'],
    ['anything else', '{"level": "info"}', 'is of no format that is known'],
    ['an answer without usage', JSON.stringify({ ...chat, usage: null }), 'has no count of tokens'],
    [
      'fractions of tokens',
      JSON.stringify({ ...chat, usage: { prompt_tokens: 1.5, completion_tokens: 1 } }),
      'has no count of tokens',
    ],
    [
      'more in the parts than in the whole',
      JSON.stringify({
        ...chat,
        usage: { prompt_tokens: 1, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 2 } },
      }),
      'counts more tokens in the parts than in the whole',
    ],
  ])('%s cannot be read', (_, text, reason) => {
    expect(readLogLine(text)).toEqual({ kind: 'unreadable', reason });
  });

  it('never throws, and counts no token below zero, whatever stands in it', () => {
    const fields = fc.constantFrom(
      ...['object', 'type', 'usage', 'response', 'request', 'model', 'metadata', 'messages', 'result'],
      ...[
        'call_type',
        'prompt_tokens',
        'usage_details',
        'input',
        'startTime',
        'traceId',
        'custom_id',
        'tags',
      ],
    );
    const seeds = fc.constantFrom<unknown>(...calls.map(([, line]) => line));
    const noise = fc.dictionary(fc.oneof(fields, fc.string()), fc.anything({ maxDepth: 3 }));
    fc.assert(
      fc.property(fc.record({ seed: seeds, noise }), ({ seed, noise }) => {
        const text = JSON.stringify({ ...(seed as object), ...noise }, (_, value) =>
          typeof value === 'bigint' ? Number(value) : value,
        );
        const line = readLogLine(text);
        if (line.kind !== 'call') expect(line.reason).not.toBe('');
        else expect(Math.min(...Object.values(line.call.tokens))).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 1_000 },
    );
    fc.assert(fc.property(fc.string(), (text) => void readLogLine(text)));
  });
});
