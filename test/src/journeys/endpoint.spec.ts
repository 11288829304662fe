import {
  type ModelServer,
  type ServedCall,
  startModelServer,
  type Trouble,
} from '@spillway/models/testing/model-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Message, post, until } from '../api.js';
import { type Server, startServer } from '../server.js';

let small: ModelServer;
let big: ModelServer;
let server: Server;

beforeAll(async () => {
  [small, big] = [await startModelServer(), await startModelServer()];
  server = await startServer({
    SMALL_BASE_URL: small.baseUrl,
    SMALL_MODEL: 'small-test',
    SMALL_API_KEY: 'small-key',
    BIG_BASE_URL: big.baseUrl,
    BIG_MODEL: 'big-test',
    BIG_API_KEY: 'big-key',
  });
}, 60_000);
afterAll(async () => {
  await server.remove();
  await small.close();
  await big.close();
});
beforeEach(() => {
  small.always(() => undefined);
  big.always(() => undefined);
});

const text = 'Where is my order FF-204518?';
const tell = async (message: object = {}): Promise<Message> =>
  until(server.url, await post(server.url, { text, channel: 'form', ...message }));

const only = (step: string, trouble: Trouble) => (call: ServedCall) =>
  call.step === step ? trouble : undefined;

describe('every step uses the endpoints', () => {
  it('the small one alone where it is sure and no customer reads the reply', async () => {
    const [before, bigBefore] = [small.calls.length, big.calls.length];
    const message = await tell();
    expect(message).toMatchObject({ status: 'settled', reply: { by: 'small' } });
    expect(
      small.calls
        .slice(before)
        .map(({ step }) => step)
        .sort(),
    ).toEqual(['classify', 'draft', 'extract', 'sentiment']);
    expect(big.calls.length).toBe(bigBefore);
    expect(small.calls.at(-1)?.authorization).toBe('Bearer small-key');
    expect(Object.values(message.steps).map(({ model }) => model)).toEqual(Array(4).fill('small-test'));
  });

  it('the big one for the last pass', async () => {
    const before = big.calls.length;
    const message = await tell({ channel: 'email' });
    expect(message).toMatchObject({ status: 'settled', reply: { by: 'big' } });
    expect(big.calls.slice(before).map(({ step }) => step)).toEqual(['polish']);
  });

  it('shows a price that the pack does not name as unknown', async () => {
    const message = await tell();
    expect(message.steps['classify']?.cost_nanos).toBeNull();
    expect(message.cost_nanos).toBeNull();
  });
});

describe('a step that goes wrong on the small endpoint is redone by the big one', () => {
  const troubles: readonly (readonly [string, Trouble])[] = [
    ['500', { kind: 'status', status: 500 }],
    ['429', { kind: 'status', status: 429, headers: { 'retry-after-ms': '1' } }],
    ['half a stream', { kind: 'half a body' }],
    ['a closed connection', { kind: 'closes' }],
    ['invalid JSON', { kind: 'not json' }],
    ['JSON off the schema', { kind: 'off the schema' }],
    ['a refusal', { kind: 'refusal' }],
    ['no log-probabilities', { kind: 'no logprobs' }],
  ];
  for (const step of ['classify', 'extract', 'sentiment'] as const) {
    it.each(troubles)(
      `${step}: %s`,
      async (_, trouble) => {
        small.always(only(step, trouble));
        const message = await tell();
        expect(message.status).toBe('settled');
        expect(message.steps[step]).toMatchObject({ tier: 'big', model: 'big-test' });
        expect(message.decisions).toContainEqual(
          expect.objectContaining({ step, tier: 'small', verdict: 'escalate' }),
        );
      },
      30_000,
    );
  }

  it('draft: no draft at all is written by the big model', async () => {
    small.always(only('draft', { kind: 'off the schema' }));
    const message = await tell();
    expect(message).toMatchObject({ status: 'settled', reply: { by: 'big' } });
  });
});

describe('bounded retries', () => {
  it('outlast a burst of refusals', async () => {
    const before = small.calls.length;
    small.next({ kind: 'status', status: 429, headers: { 'retry-after-ms': '1' } });
    const message = await tell();
    expect(message).toMatchObject({ status: 'settled', reply: { by: 'small' } });
    expect(small.calls.length - before).toBe(5);
  });
});

describe('when the big endpoint fails too', () => {
  it.each<readonly [string, Trouble]>([
    ['500', { kind: 'status', status: 500 }],
    ['JSON off the schema', { kind: 'off the schema' }],
  ])(
    '%s: a person decides',
    async (_, trouble) => {
      small.always(only('classify', { kind: 'off the schema' }));
      big.always(() => trouble);
      const message = await tell();
      expect(message.status).toBe('in_review');
      expect(message.decisions).toContainEqual(
        expect.objectContaining({ step: 'classify', tier: 'big', verdict: 'hold' }),
      );
    },
    30_000,
  );

  it('no polish: a person gets the draft', async () => {
    big.always(() => ({ kind: 'refusal' }));
    expect(await tell({ channel: 'email' })).toMatchObject({ status: 'in_review' });
  });
});

describe('a call is paid for once', () => {
  it('also when the server is stopped while the endpoint is busy with more than it can take', async () => {
    const before = small.calls.length;
    small.always(() => ({ kind: 'slow', ms: 100 }));
    const ids = await Promise.all(
      Array.from({ length: 80 }, () => post(server.url, { text, channel: 'form' })),
    );
    await until(server.url, ids[0] as string);
    expect(await server.stop()).toBe(0);
    await server.restart();
    for (const id of ids) expect((await until(server.url, id)).status).toBe('settled');
    const keys = small.calls.slice(before).map(({ idempotencyKey }) => idempotencyKey);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  }, 60_000);

  it('also when the server is killed while it publishes the answers', async () => {
    const before = small.calls.length;
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => post(server.url, { text, channel: 'form' })),
    );
    await until(server.url, ids[0] as string);
    await server.crash();
    await server.restart();
    for (const id of ids) expect((await until(server.url, id)).status).toBe('settled');
    const keys = small.calls.slice(before).map(({ idempotencyKey }) => idempotencyKey);
    const repeated = keys.filter((key, index) => keys.indexOf(key) !== index);
    // Only a call that was in flight at the kill may be made again: at most those of the other messages.
    expect(new Set(repeated).size).toBe(repeated.length);
    for (const key of repeated) expect(key?.startsWith(`${ids[0]}/`)).toBe(false);
  }, 60_000);
});
