import { afterEach, beforeEach, expect, it } from 'vitest';
import { type OpenAiModel, openAiCompatible } from './openai.js';
import { type EndpointProbe, probeEndpoint } from './probe.js';
import { type ModelServer, startModelServer, type Trouble } from './testing/model-server.js';

let server: ModelServer;
let model: OpenAiModel;
beforeEach(async () => {
  server = await startModelServer({ certainty: 0.9 });
  model = openAiCompatible({ name: 'little', baseUrl: server.baseUrl, model: 'little-8b', connections: 1 });
});
afterEach(async () => {
  await model.close();
  await server.close();
});

it.each<[string, Trouble | undefined, Partial<EndpointProbe>]>([
  ['one that gives everything', undefined, { schema: 'held', logprobs: 'before', topTokens: 1, bytes: true }],
  [
    'log-probabilities that are dropped in silence',
    { kind: 'no logprobs' },
    { schema: 'held', logprobs: 'none' },
  ],
  ['log-probabilities that are refused', { kind: 'refuses', parameter: 'logprobs' }, { logprobs: 'none' }],
  [
    'probabilities that add up to more than one',
    { kind: 'tokens', style: 'past one' },
    { logprobs: 'past one' },
  ],
  ['tokens without bytes', { kind: 'tokens', style: 'no bytes' }, { bytes: false, logprobs: 'before' }],
  [
    'a schema that is ignored',
    { kind: 'says', text: 'Hello there!' },
    { schema: 'ignored', logprobs: 'unknown' },
  ],
  [
    'words around the answer',
    { kind: 'chatty', opening: 'Sure! ' },
    { schema: 'ignored', logprobs: 'unknown' },
  ],
  ['a schema that is refused', { kind: 'refuses', parameter: 'response_format' }, { schema: 'refused' }],
])('finds %s, with one call', async (_, trouble, want) => {
  server.always(() => trouble);
  expect(await probeEndpoint(model, 'doctor/1', AbortSignal.timeout(5_000))).toMatchObject(want);
  const served = server.calls.filter(({ idempotencyKey }) => idempotencyKey === 'doctor/1');
  expect(served.length).toBeLessThanOrEqual(trouble?.kind === 'refuses' ? 2 : 1);
});

it('says what the call used, unless the endpoint does not', async () => {
  const probe = () => probeEndpoint(model, 'doctor/1', AbortSignal.timeout(5_000));
  expect((await probe()).usage).toMatchObject({ outputTokens: expect.any(BigInt), estimated: false });
  server.always(() => ({ kind: 'no usage' }));
  expect(await probe()).not.toHaveProperty('usage');
});

it('tells probabilities from before the schema from those after it', async () => {
  await server.close();
  server = await startModelServer({ certainty: 0.9999 });
  const sure = openAiCompatible({ name: 'sure', baseUrl: server.baseUrl, model: 'sure', connections: 1 });
  expect((await probeEndpoint(sure, 'doctor/2', AbortSignal.timeout(5_000))).logprobs).toBe('after');
  await sure.close();
});

it('rejects with what the call ends in', async () => {
  server.always(() => ({ kind: 'status', status: 503 }));
  await expect(probeEndpoint(model, 'doctor/3', AbortSignal.timeout(5_000))).rejects.toMatchObject({
    code: 'unavailable',
  });
});
