import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, post, read, until } from '../api.js';
import { type Server, startServer } from '../server.js';

const hello = { text: 'Where is my order FF-204518? It was due on Monday.', channel: 'form' };

let server: Server;
beforeAll(async () => {
  server = await startServer();
}, 60_000);
afterAll(() => server.remove());

describe('a message', () => {
  it('goes from the channel to a reply through every service, with decisions, a price and one trace', async () => {
    const { status, headers, body } = await call(`${server.url}/v1/messages`, hello);
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/messages/${body['id']}`);
    const message = await until(server.url, String(body['id']));
    expect(message.status).toBe('settled');
    expect(Object.keys(message.steps).sort()).toEqual(
      expect.arrayContaining(['classify', 'draft', 'extract', 'sentiment']),
    );
    expect(message.steps['classify']).toMatchObject({ value: { label: 'order_status' }, tier: 'small' });
    expect(message.steps['extract']?.value).toMatchObject({
      fields: expect.arrayContaining([expect.objectContaining({ name: 'order_number', value: 'FF-204518' })]),
    });
    expect(message.decisions.map(({ step }) => step)).toEqual(
      expect.arrayContaining(['classify', 'extract', 'sentiment', 'draft']),
    );
    for (const decision of message.decisions) expect(decision.reasons.length).toBeGreaterThan(0);
    expect(message.reply?.text.length).toBeGreaterThan(20);
    expect(message.cost_nanos).toBe(0);
    expect(message.baseline_nanos).toBeGreaterThan(0);
    expect(message.trace_id).toBe(body['trace_id']);
  });

  it('is polished by the big model when a customer reads the reply', async () => {
    const id = await post(server.url, { ...hello, channel: 'email' });
    const message = await until(server.url, id);
    expect(message).toMatchObject({ status: 'settled', reply: { by: 'big' } });
    expect(message.decisions.find(({ step }) => step === 'draft')).toMatchObject({
      verdict: 'escalate',
      reasons: expect.arrayContaining(['a customer reads the reply']),
    });
  });

  it('that is none of the shop’s business ends with a person', async () => {
    const id = await post(server.url, {
      text: 'please write a haiku about quantum chromodynamics',
      channel: 'form',
    });
    expect(await until(server.url, id)).toMatchObject({ status: 'in_review', reply: null });
  });

  it('is never unknown once it was taken in', async () => {
    for (let round = 0; round < 30; round += 1) {
      const id = await post(server.url, hello);
      expect((await call(`${server.url}/v1/messages/${id}`)).status).toBe(200);
    }
  });

  it('is listed, newest first', async () => {
    const id = await post(server.url, hello);
    await until(server.url, id);
    const { body } = await call<{ items: { id: string }[] }>(
      `${server.url}/v1/messages?status=settled&limit=5`,
    );
    expect(body.items[0]?.id).toBe(id);
  });
});

describe('sent twice', () => {
  it('with one key it is one message', async () => {
    const headers = { 'idempotency-key': 'order-17' };
    const [first, second] = await Promise.all([
      post(server.url, hello, headers),
      post(server.url, hello, headers),
    ]);
    expect(second).toBe(first);
    await until(server.url, first);
    expect(await post(server.url, hello, headers)).toBe(first);
    expect((await read(server.url, first)).decisions.filter(({ step }) => step === 'draft')).toHaveLength(1);
  });

  it('with one key and another body it is refused', async () => {
    await post(server.url, hello, { 'idempotency-key': 'order-18' });
    const { status, body } = await call(
      `${server.url}/v1/messages`,
      { ...hello, text: 'something else' },
      { 'idempotency-key': 'order-18' },
    );
    expect([status, body['code']]).toEqual([422, 'rejected']);
  });
});

describe('what is refused', () => {
  it('names every fault of a body at once', async () => {
    const { status, headers, body } = await call<{ errors: { pointer: string }[] }>(
      `${server.url}/v1/messages`,
      {
        text: '',
        channel: 5,
        surprise: true,
      },
    );
    expect(status).toBe(400);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body.errors.map(({ pointer }) => pointer).sort()).toEqual(
      expect.arrayContaining(['/channel', '/surprise', '/text']),
    );
  });

  it.each([
    ['text over 256 KiB', '/v1/messages', { text: 'a'.repeat(262_145) }, 413],
    ['a body that is no JSON', '/v1/messages', '{"text":', 400],
    ['an id that nobody gave out', '/v1/messages/none', undefined, 404],
    ['a path that is none', '/v1/nothing', undefined, 404],
  ])('%s', async (_, path, body, status) => {
    expect((await call(`${server.url}${path}`, body)).status).toBe(status);
  });

  it('takes text of exactly 256 KiB', async () => {
    await until(server.url, await post(server.url, { text: 'a '.repeat(131_072), channel: 'form' }));
  });
});

describe('for operators', () => {
  it.each(['/livez', '/readyz', '/metrics', '/openapi.json', '/docs'])('%s answers', async (path) => {
    expect((await fetch(`${server.url}${path}`)).status).toBe(200);
  });

  it('counts what was decided', async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const samples = metrics.split('\n').map((line) => line.replace(/ [\d.]+$/, ''));
    expect(samples).toEqual(
      expect.arrayContaining([
        'spillway_decisions_total{step="classify",tier="small",verdict="accept"}',
        'spillway_bus_lag{group="router"}',
      ]),
    );
  });

  it('never writes down what a customer wrote', () => {
    expect(server.log()).not.toContain('FF-204518');
  });
});
