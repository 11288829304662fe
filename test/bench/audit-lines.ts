/** Steps of a log as a support team writes it: name in the metadata, in the prompt alone, or in a tool. */
const INSTRUCTIONS =
  'You are the support assistant of a shop for outdoor gear. Read the message of the customer below with care. ' +
  'Never promise a refund, never name a colleague, and keep to what the message says. ' +
  'Answer in the language of the customer.';
const TASKS = [
  'Sort the message into one of the queues.',
  'Find the order, the product and the date.',
  'Write a reply.',
];

/** Line `index` of a log: answers of all five formats in turn, with prompts whose variable parts change, and broken lines. */
export function auditLine(index: number): string {
  const shape = SHAPES[index % SHAPES.length];
  if (index % 1_000 === 999) return '{"broken": ';
  return shape === undefined ? '' : JSON.stringify(shape(index));
}

const TEXT =
  'Hello, my tent arrived on Monday but one of the poles is bent and the bag has a hole. I would like a new one before our trip. ';
const text = (index: number): string => `${TEXT.repeat(1 + (index % 4))}Order ${100_000 + index}.`;

const messagesOf = (index: number) => [
  {
    role: 'system',
    content: `${INSTRUCTIONS} ${TASKS[index % TASKS.length]} Today is 2026-${10 + (index % 3)}-${10 + (index % 18)}. Ticket ${index}.`,
  },
  { role: 'user', content: text(index) },
];

const usageOf = (index: number) => ({
  prompt_tokens: 700 + (index % 900),
  completion_tokens: 40 + (index % 160),
  total_tokens: 740 + (index % 900) + (index % 160),
  prompt_tokens_details: { cached_tokens: index % 2 === 0 ? 512 : 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: index % 40, audio_tokens: 0 },
});

const STARTED = 1_790_000_000;

const chatOf = (index: number) => ({
  id: `chatcmpl-${index}`,
  object: 'chat.completion',
  created: STARTED + index,
  model: index % 3 === 0 ? 'gpt-4o-2024-08-06' : 'gpt-4.1-2025-04-14',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: text(index + 1), refusal: null },
      finish_reason: 'stop',
    },
  ],
  usage: usageOf(index),
});

const SHAPES: readonly ((index: number) => object)[] = [
  (index) => ({ request: { model: 'gpt-4o', messages: messagesOf(index) }, response: chatOf(index) }),
  (index) => ({
    request: { model: 'gpt-4.1', metadata: { task: `task-${index % 5}` }, messages: messagesOf(index) },
    response: chatOf(index),
  }),
  (index) => ({
    timestamp: new Date((STARTED + index) * 1000).toISOString(),
    request: {
      model: 'claude-sonnet-4-5',
      system: messagesOf(index)[0]?.content,
      messages: messagesOf(index).slice(1),
      tools: [{ name: 'save_fields', input_schema: { type: 'object', properties: {} } }],
    },
    response: {
      id: `msg_${index}`,
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: [{ type: 'text', text: text(index) }],
      usage: {
        input_tokens: 200 + (index % 300),
        cache_creation_input_tokens: index % 50 === 0 ? 1_024 : 0,
        cache_read_input_tokens: 1_024,
        output_tokens: 60 + (index % 90),
        service_tier: 'standard',
      },
    },
  }),
  (index) => ({
    id: `chatcmpl-${index}`,
    call_type: 'acompletion',
    status: 'success',
    startTime: STARTED + index,
    model: 'gpt-4.1-mini',
    prompt_tokens: usageOf(index).prompt_tokens,
    completion_tokens: usageOf(index).completion_tokens,
    request_tags: ['User-Agent: openai-python', `task:reply-${index % 3}`],
    metadata: { usage_object: usageOf(index) },
    messages: messagesOf(index),
    response: chatOf(index),
  }),
  (index) => ({
    id: `o${index}`,
    trace_id: `t${index}`,
    type: 'GENERATION',
    start_time: '2026-10-10 10:10:10.000000',
    provided_model_name: 'gpt-4o-mini',
    prompt_name: `prompt-${index % 4}`,
    input: JSON.stringify(messagesOf(index)),
    output: text(index),
    usage_details: { input: 300 + (index % 100), output: 50, input_cached_tokens: 256 },
  }),
  (index) => ({
    id: `resp_${index}`,
    object: 'response',
    created_at: STARTED + index,
    model: 'gpt-5-2025-08-07',
    instructions: messagesOf(index)[0]?.content,
    output: [
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: text(index + 2) }] },
    ],
    usage: {
      input_tokens: 500 + (index % 300),
      input_tokens_details: { cached_tokens: 128 },
      output_tokens: 300,
      output_tokens_details: { reasoning_tokens: 192 },
    },
  }),
];
