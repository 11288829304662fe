import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readTokens } from './openai-tokens.js';

const logprob = z.number().nullish();
const shape = z.object({
  content: z.array(
    z.object({
      token: z.string(),
      logprob,
      bytes: z.array(z.number().int().min(0).max(255)).nullish(),
      top_logprobs: z.array(z.object({ token: z.string(), logprob })).nullish(),
    }),
  ),
});

const sure = (given: number | null | undefined): number => Math.min(0, given ?? -9_999);

/** What a schema makes of it, which is slower. */
function byShape(given: unknown): ReturnType<typeof readTokens> {
  const parsed = shape.safeParse(given);
  const content = parsed.success ? parsed.data.content : [];
  return {
    haveBytes: content.length > 0 && content.every(({ bytes }) => bytes != null),
    tokens: content.map(({ token, bytes, logprob: own, top_logprobs }) => ({
      bytes: bytes == null ? Buffer.from(token) : Uint8Array.from(bytes),
      logprob: sure(own),
      top: (top_logprobs ?? []).map((each) => ({ text: each.token, logprob: sure(each.logprob) })),
    })),
  };
}

/** Mostly as it should be, now and then something else. */
const or = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 40, arbitrary: value as fc.Arbitrary<unknown> },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
const probability = or(fc.option(fc.double({ min: -30, max: 1 }), { nil: null }));
const likely = or(fc.record({ token: or(fc.string({ unit: 'grapheme' })), logprob: probability }));
const token = or(
  fc.record(
    {
      token: or(fc.string({ unit: 'grapheme' })),
      logprob: probability,
      bytes: or(fc.array(or(fc.nat({ max: 256 })), { maxLength: 4 })),
      top_logprobs: or(fc.array(likely, { maxLength: 3 })),
    },
    { requiredKeys: ['token'] },
  ),
);

it('reads the same as a schema, and nothing where that finds a fault', () => {
  const found = { tokens: 0, nothing: 0 };
  fc.assert(
    fc.property(or(fc.record({ content: or(fc.array(token, { maxLength: 4 })) })), (given) => {
      const read = readTokens(given);
      expect(read).toEqual(byShape(given));
      found[read.tokens.length > 0 ? 'tokens' : 'nothing'] += 1;
    }),
    { numRuns: 2_000 },
  );
  expect(found).toEqual({ tokens: expect.any(Number), nothing: expect.any(Number) });
  expect(Math.min(found.tokens, found.nothing)).toBeGreaterThan(200);
});

it.each<[string, unknown]>([
  ['a probability of no finite logarithm', { content: [{ token: 'a', logprob: Number.NEGATIVE_INFINITY }] }],
  ['a byte that is none', { content: [{ token: 'a', bytes: [256] }] }],
  ['a likely token without a text', { content: [{ token: 'a', top_logprobs: [{ logprob: -1 }] }] }],
  ['no list', { content: 'abc' }],
  ['nothing', null],
])('reads nothing out of %s', (_, given) => {
  expect(readTokens(given)).toEqual({ tokens: [], haveBytes: false });
  expect(byShape(given)).toEqual({ tokens: [], haveBytes: false });
});
