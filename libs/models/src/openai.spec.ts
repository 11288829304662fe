import type { IncomingHttpHeaders } from 'node:http';
import type { Fault } from '@spillway/contracts/fault';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Prompt, StepInput } from './language-model.js';
import { type OpenAiModel, openAiCompatible } from './openai.js';
import { promptFor, readAnswer } from './steps.js';
import { type ModelServer, startModelServer, type Trouble } from './testing/model-server.js';
import { smallPack } from './testing/small-pack.js';

const alive = new AbortController().signal;
const pack = smallPack();
const input: StepInput = { text: 'please cancel it', subject: 'Hello', locale: 'en', receivedAtMs: 0 };
const callOf = (callId: string): Prompt => promptFor('classify', input, pack, callId);
const prompt = callOf('m1/classify/small/answer');
const options = {
  name: 'little',
  apiKey: 'sk-secret-key',
  model: 'little-8b',
  connections: 4,
  maxResponseBytes: 100_000,
};

let server: ModelServer;
let model: OpenAiModel;
beforeEach(async () => {
  server = await startModelServer();
  model = openAiCompatible({ ...options, baseUrl: server.baseUrl });
});
afterEach(async () => {
  await model.close();
  await server.close();
});

const faultOf = (call: Promise<unknown>): Promise<Fault> =>
  call.then(
    () => {
      throw new Error('the call went well');
    },
    (error: Fault) => error,
  );

describe('openAiCompatible', () => {
  it('asks under a schema, at temperature 0, with log-probabilities and an idempotency key', async () => {
    await model.complete(prompt, alive);
    expect(server.calls[0]).toMatchObject({
      idempotencyKey: 'm1/classify/small/answer',
      authorization: 'Bearer sk-secret-key',
      body: {
        model: 'little-8b',
        temperature: 0,
        max_tokens: 64,
        logprobs: true,
        top_logprobs: 20,
        messages: [
          { role: 'system', content: prompt.system },
          { role: 'user', content: prompt.user },
        ],
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'classify', strict: true, schema: prompt.schema },
        },
      },
    });
  });

  it("sends every call with headers that are the library's own, and an idempotency key of its own", async () => {
    const headers: IncomingHttpHeaders[] = [];
    const watched = await startModelServer({ onCall: (_, { req }) => headers.push(req.headers) });
    const { apiKey: _, ...withoutKey } = options;
    const keyless = openAiCompatible({ ...withoutKey, baseUrl: watched.baseUrl });
    const keyed = openAiCompatible({ ...options, baseUrl: watched.baseUrl });
    try {
      for (const each of [keyed, keyless]) {
        for (const callId of ['first/ü', 'second']) await each.complete(callOf(callId), alive);
      }
    } finally {
      await Promise.all([keyed.close(), keyless.close(), watched.close()]);
    }
    const [first, second, ...others] = headers;
    expect(first).toMatchObject({
      'idempotency-key': 'first/%C3%BC',
      authorization: 'Bearer sk-secret-key',
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^OpenAI\/JS /),
    });
    expect(second).toEqual({
      ...first,
      'idempotency-key': 'second',
    });
    expect(others).toMatchObject([{ 'idempotency-key': 'first/%C3%BC' }, { 'idempotency-key': 'second' }]);
    for (const { authorization } of others) expect(authorization).toBeUndefined();
  });

  it('gives the answer with its tokens, usage and fingerprint', async () => {
    const completion = await model.complete(prompt, alive);
    expect(completion).toMatchObject({
      text: '{"label":"C"}',
      finishReason: 'stop',
      fingerprint: 'little-8b|fp_test|json_schema|logprobs:20',
      granted: { schema: true, bytes: true },
      attempts: 1,
      usage: { outputTokens: 4n, cachedInputTokens: 0n, estimated: false },
    });
    expect(Buffer.concat((completion.tokens ?? []).map(({ bytes }) => bytes)).toString()).toBe(
      completion.text,
    );
    expect(readAnswer('classify', completion, input, pack).confidence).toMatchObject({
      raw: expect.closeTo(0.96, 9),
    });
  });

  it('keeps its connections for the calls that follow', async () => {
    const ports = new Set<number>();
    server.always((call) => void ports.add(call.remotePort) as undefined);
    for (let nth = 0; nth < 6; nth += 1) await model.complete(prompt, alive);
    expect(ports.size).toBeLessThan(3);
  });

  it.each<[string, Trouble, string, Partial<Fault>]>([
    ['a wrong key', { kind: 'status', status: 401 }, 'misconfigured', {}],
    ['a model that is not there', { kind: 'status', status: 404 }, 'misconfigured', {}],
    ['a request it cannot take', { kind: 'status', status: 422 }, 'rejected', {}],
    ['too long a prompt', { kind: 'status', status: 413 }, 'too_large', {}],
    [
      'a redirect, which would carry the key elsewhere',
      { kind: 'status', status: 307, headers: { location: 'http://127.0.0.1:9/v1' } },
      'rejected',
      {},
    ],
    ['a time-out of its own', { kind: 'status', status: 408 }, 'timed_out', {}],
    ['a conflict', { kind: 'status', status: 409 }, 'conflict', {}],
    [
      'too many requests',
      { kind: 'status', status: 429, headers: { 'retry-after': '2' } },
      'throttled',
      { retryAfterMs: 2_000 },
    ],
    ['an error of its own', { kind: 'status', status: 500 }, 'unavailable', {}],
    [
      'an overload',
      { kind: 'status', status: 529, headers: { 'retry-after-ms': '150' } },
      'unavailable',
      { retryAfterMs: 150 },
    ],
    ['half a body', { kind: 'half a body' }, 'malformed', {}],
    ['a body that is not JSON', { kind: 'not json' }, 'malformed', {}],
    ['a connection that closes', { kind: 'closes' }, 'unavailable', {}],
    ['an endless answer', { kind: 'bloated', bytes: 200_000 }, 'too_large', {}],
    ['JSON that is no completion', { kind: 'bloated', bytes: 10 }, 'malformed', {}],
  ])('turns %s into a fault', async (_, trouble, code, details) => {
    server.always(() => trouble);
    const fault = await faultOf(model.complete(prompt, alive));
    expect(fault).toMatchObject({ code, ...details });
    expect(server.calls).toHaveLength(1);
    expect(JSON.stringify([fault.message, String(fault.cause)])).not.toMatch(/sk-secret|cancel it/);
  });

  it('is unavailable where nobody listens', async () => {
    await server.close();
    expect(await faultOf(model.complete(prompt, alive))).toMatchObject({
      code: 'unavailable',
      message: 'little: no connection (ECONNREFUSED)',
    });
  });

  it('ends a call that is aborted, on the wire too', async () => {
    server.always(() => ({ kind: 'silent' }));
    const controller = new AbortController();
    const call = faultOf(model.complete(prompt, controller.signal));
    await vi.waitFor(() => expect(server.inFlight()).toBe(1));
    controller.abort();
    expect(await call).toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(server.inFlight()).toBe(0));
  });

  it('does not call at all when it is aborted before', async () => {
    expect(await faultOf(model.complete(prompt, AbortSignal.abort()))).toMatchObject({ code: 'cancelled' });
    expect(server.calls).toHaveLength(0);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['log-probabilities', 'logprobs', { logprobs: undefined, top_logprobs: undefined }],
    ['a schema', 'response_format', { response_format: undefined }],
    ['temperature 0', 'temperature', { temperature: undefined }],
    ['the old name of the limit', 'max_tokens', { max_tokens: undefined, max_completion_tokens: 64 }],
  ])('asks no longer for %s once it was refused', async (_, parameter, want) => {
    server.always(() => ({ kind: 'refuses', parameter }));
    const completion = await model.complete(prompt, alive);
    expect(completion).toMatchObject({ text: '{"label":"C"}', attempts: 2 });
    expect(await model.complete(prompt, alive)).toMatchObject({ attempts: 1 });
    for (const call of server.calls.slice(1)) {
      for (const [name, value] of Object.entries(want)) expect(call.body[name]).toEqual(value);
    }
  });

  it('describes the schema in the prompt where the endpoint does not take one', async () => {
    server.always(() => ({ kind: 'refuses', parameter: 'response_format' }));
    const completion = await model.complete(prompt, alive);
    expect(server.calls[1]?.body.messages[0]?.content).toContain(JSON.stringify(prompt.schema));
    expect(completion.fingerprint).toBe('little-8b|fp_test|prompted|logprobs:20');
  });

  it('gives up on an endpoint that refuses whatever is asked', async () => {
    server.always(() => ({ kind: 'refuses', parameter: 'model' }));
    expect(await faultOf(model.complete(prompt, alive))).toMatchObject({ code: 'rejected' });
    expect(server.calls).toHaveLength(1);
  });

  it.each<[string, Trouble, object]>([
    [
      'log-probabilities that were dropped',
      { kind: 'no logprobs' },
      { tokens: undefined, finishReason: 'stop' },
    ],
    ['usage that was not reported', { kind: 'no usage' }, { usage: { inputTokens: 0n, estimated: true } }],
    ['a refusal', { kind: 'refusal' }, { finishReason: 'refusal', text: '' }],
    ['an answer that was cut', { kind: 'length' }, { finishReason: 'length' }],
    [
      'an answer off the schema, for the step to judge',
      { kind: 'off the schema' },
      { text: '{"unexpected":true}' },
    ],
  ])('tells of %s', async (_, trouble, want) => {
    server.next(trouble);
    const completion = await model.complete(prompt, alive);
    expect({ tokens: undefined, ...completion }).toMatchObject(want);
  });
});
