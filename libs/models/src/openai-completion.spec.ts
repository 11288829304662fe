import { describe, expect, it } from 'vitest';
import { completionOf, finishReasonOf } from './openai-completion.js';
import { everything } from './openai-wishes.js';

const context = { model: 'little-8b', wishes: everything, attempts: 1, topTokens: 20 };
const answer = (changes: object = {}, choice: object = {}) => ({
  model: 'little-8b-0901',
  choices: [{ finish_reason: 'stop', message: { content: '{}' }, ...choice }],
  usage: { prompt_tokens: 100, completion_tokens: 30 },
  ...changes,
});

describe('completionOf', () => {
  it.each<[string, object, object]>([
    [
      'plain usage',
      { prompt_tokens: 100, completion_tokens: 30 },
      { inputTokens: 100n, outputTokens: 30n, estimated: false },
    ],
    [
      'classes that overlap on the wire',
      {
        prompt_tokens: 100,
        completion_tokens: 30,
        prompt_tokens_details: { cached_tokens: 64 },
        completion_tokens_details: { reasoning_tokens: 20 },
      },
      { inputTokens: 36n, cachedInputTokens: 64n, outputTokens: 10n, reasoningTokens: 20n },
    ],
    [
      'a part that is larger than its whole',
      { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 64 } },
      { inputTokens: 0n, cachedInputTokens: 10n },
    ],
    [
      'nonsense, as unknown',
      { prompt_tokens: -3, completion_tokens: 'x' },
      { inputTokens: 0n, estimated: true },
    ],
    [
      'more than any call can have, as unknown',
      { prompt_tokens: 9_000_000_000_000_000, completion_tokens: 1 },
      { inputTokens: 0n, estimated: true },
    ],
  ])('counts %s', (_, usage, want) => {
    expect(completionOf(answer({ usage }), context).usage).toMatchObject(want);
  });

  it('reads tokens by their bytes, and minus infinity in each spelling', () => {
    const content = [
      { token: '\ufffd', bytes: [226, 130], logprob: -0.5, top_logprobs: [{ token: 'a', logprob: null }] },
      { token: 'b', bytes: null, logprob: null },
    ];
    expect(completionOf(answer({}, { logprobs: { content } }), context).tokens).toEqual([
      { bytes: Uint8Array.of(226, 130), logprob: -0.5, top: [{ text: 'a', logprob: -9_999 }] },
      { bytes: Buffer.from('b'), logprob: -9_999, top: [] },
    ]);
  });

  it.each<[string, object | undefined, string, boolean]>([
    ['no tokens', undefined, 'none', false],
    ['tokens alone', { content: [{ token: 'a', logprob: -1 }] }, '0', false],
    [
      'tokens in a list, one more than was asked for',
      {
        content: [
          {
            token: 'a',
            bytes: [97],
            logprob: -1,
            top_logprobs: Array.from({ length: 21 }, () => ({ token: 'a', logprob: -1 })),
          },
        ],
      },
      '20',
      true,
    ],
  ])('tells apart %s', (_, logprobs, kind, bytes) => {
    expect(completionOf(answer({}, { logprobs }), context)).toMatchObject({
      fingerprint: `little-8b-0901|-|json_schema|logprobs:${kind}`,
      granted: { schema: true, bytes },
    });
  });

  it('takes no token for surer than sure', () => {
    const content = [{ token: 'a', logprob: 0.7, top_logprobs: [{ token: 'a', logprob: 3 }] }];
    expect(completionOf(answer({}, { logprobs: { content } }), context).tokens).toMatchObject([
      { logprob: 0, top: [{ logprob: 0 }] },
    ]);
  });

  it('does without probabilities that are not as they should be', () => {
    expect(completionOf(answer({}, { logprobs: { content: [{ token: 7 }] } }), context)).toMatchObject({
      text: '{}',
    });
  });

  it.each<[string, unknown, string]>([
    ['no choice', answer({ choices: [] }), 'malformed'],
    ['a page of HTML', '<html>', 'malformed'],
    ['nothing', undefined, 'malformed'],
    ["an upstream's error", { error: { code: 429, message: 'slow down' } }, 'throttled'],
    ['an error of no known kind', { error: { code: 'oops', message: '' } }, 'unavailable'],
  ])('finds a fault in %s', (_, body, code) => {
    expect(() => completionOf(body, context)).toThrow(expect.objectContaining({ code }));
  });
});

it.each([
  ['stop', 'stop'],
  ['eos_token', 'stop'],
  [null, 'stop'],
  ['length', 'length'],
  ['model_length', 'length'],
  ['content_filter', 'content_filter'],
  ['refusal', 'refusal'],
])('takes the finish reason %s for %s', (reason, want) => {
  expect(finishReasonOf(reason)).toBe(want);
});
