import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus, BusRecord } from '@spillway/bus/bus';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { decode } from '@spillway/contracts/event';
import { MessageReceivedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { type HttpServer, serveHttp } from '@spillway/http/serve';
import type { Budget, BudgetCap } from '@spillway/store/budget';
import { openEmbeddedBudget } from '@spillway/store/embedded-budget';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import { openEmbeddedLedger } from '@spillway/store/embedded-ledger';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { Ledger } from '@spillway/store/ledger';
import type { LedgerChange } from '@spillway/store/ledger-change';
import { configureLogs } from '@spillway/telemetry/logger';
import { startTracing } from '@spillway/telemetry/tracing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acceptedSchema } from './accepted.js';
import { budgetsSchema } from './budgets-view.js';
import { GatewayModule } from './gateway.module.js';
import { gatewayOperations } from './gateway.operations.js';
import { messageListSchema, messageViewSchema } from './message-schema.js';
import { savingsSchema } from './savings-view.js';
import { pack } from './testing/shop.js';

configureLogs({ level: 'silent' });

const caps: readonly BudgetCap[] = [
  { per: 'day', nanos: 100n },
  { per: 'month', nanos: 9_007_199_254_740_991n, model: 'frontier' },
];

let folder: string;
let bus: Bus;
let state: KeyedState;
let ledger: Ledger;
let budget: Budget;
let server: HttpServer;
let stopTracing: () => Promise<void>;
/** Every `message.received` that the log was given. */
let received: BusRecord[];

beforeEach(async () => {
  stopTracing = startTracing();
  folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  bus = openEmbeddedBus({ path: join(folder, 'bus.db') });
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db') });
  ledger = openEmbeddedLedger({ path: join(folder, 'ledger.db') });
  budget = openEmbeddedBudget({ path: join(folder, 'budget.db'), caps });
  received = [];
  await bus.tail(['message.received'], (record) => received.push(record));
  server = await serveHttp({
    modules: [GatewayModule.with({ bus, state, ledger, pack, budget })],
    operations: gatewayOperations,
    host: '127.0.0.1',
    port: 0,
    apiKeys: [],
    readiness: async () => [],
    service: 'gateway',
    version: '0.1.0',
  });
});
afterEach(async () => {
  await server.close();
  await bus.close();
  await state.close();
  await ledger.close();
  await budget.close();
  await stopTracing();
  await rm(folder, { recursive: true });
});

const get = (path: string): Promise<Response> => fetch(`${server.url}${path}`);

const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/v1/messages`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

async function accepted(
  response: Response,
): Promise<{ id: string; conversation_id: string; trace_id: string }> {
  expect(response.status).toBe(202);
  return acceptedSchema.strict().parse(await response.json());
}

async function problem(response: Response): Promise<unknown> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return response.json();
}

const receivedChange = (messageId: string, extra: Partial<LedgerChange> = {}): LedgerChange =>
  ({
    kind: 'received',
    messageId,
    conversationId: 'c1',
    channel: 'chat',
    customer: 'ada',
    subject: '',
    text: 'hello',
    locale: 'en',
    customerFacing: null,
    traceId: '',
    receivedAtMs: Number(messageId.slice(1)) || 0,
    ...extra,
  }) as LedgerChange;

describe('a message', () => {
  it('is on the log once it is answered for, in the trace of its answer', async () => {
    const trace = 'a'.repeat(32);
    const body = { text: 'Grüße 😀', channel: 'chat', customer_facing: true, metadata: { order: '7' } };
    const response = await post(body, { traceparent: `00-${trace}-${'b'.repeat(16)}-01` });
    const answer = await accepted(response);
    expect(response.headers.get('location')).toBe(`/v1/messages/${answer.id}`);
    expect(answer).toEqual({ id: answer.id, conversation_id: answer.id, trace_id: trace });
    expect(received).toHaveLength(1);
    const [record] = received as [BusRecord];
    expect(record).toMatchObject({ key: answer.id, id: `${answer.id}/message.received` });
    expect(record.headers['traceparent']).toMatch(new RegExp(`^00-${trace}-(?!b{16})[0-9a-f]{16}-0[01]$`));
    expect(decode(MessageReceivedSchema, record.value)).toMatchObject({
      messageId: answer.id,
      conversationId: answer.id,
      text: 'Grüße 😀',
      channel: 'chat',
      customerFacing: true,
      metadata: { order: '7' },
    });
  });

  it('can be read from then on, also while the ledger has not heard of it', async () => {
    const { id, trace_id } = await accepted(await post({ text: 'hello', conversation_id: 'c1' }));
    const early = messageViewSchema.parse(await (await get(`/v1/messages/${id}`)).json());
    expect(early).toMatchObject({ id, conversation_id: 'c1', status: 'received', trace_id });
    await ledger.apply([receivedChange(id, { text: 'hello' })]);
    const known = messageViewSchema.parse(await (await get(`/v1/messages/${id}`)).json());
    expect(known).toMatchObject({ id, text: 'hello' });
  });

  it.each([
    ['an unknown id', 'GET', '/v1/messages/0198c0de-0000-7000-8000-000000000000', 404, 'missing'],
    ['an id that is none', 'GET', '/v1/messages/%7B%7D', 404, 'missing'],
    ['a cursor that was never given', 'GET', '/v1/messages?cursor=x', 400, 'malformed'],
    ['an unknown status', 'GET', '/v1/messages?status=lost', 400, 'malformed'],
    ['an unknown event', 'GET', '/v1/stream?types=message.settled,message.lost', 400, 'malformed'],
    ['a vendor webhook', 'POST', '/v1/channels/mail', 404, 'missing'],
    ['another method', 'DELETE', '/v1/messages', 405, 'method_not_allowed'],
  ])('%s is a problem', async (_, method, path, status, code) => {
    expect(await problem(await fetch(`${server.url}${path}`, { method }))).toMatchObject({ status, code });
  });

  const JSON_OR_LINES = 'must be application/json or application/x-ndjson';
  it.each([
    ['of a type that is not taken', '/v1/messages', 'text/xml', '<text/>', 415, JSON_OR_LINES],
    [
      'in lines where one is taken',
      '/v1/replays',
      'application/x-ndjson',
      '{}',
      415,
      'must be application/json',
    ],
    [
      'that is too large',
      '/v1/messages',
      'application/json',
      1_048_577,
      413,
      'may have at most 1048576 bytes',
    ],
    [
      'of too many bytes',
      '/v1/messages',
      'application/x-ndjson',
      4_194_305,
      413,
      'may have at most 4194304 bytes',
    ],
  ])('%s is told what is taken', async (_, path, type, body, status, message) => {
    const sent = typeof body === 'string' ? body : ' '.repeat(body);
    const headers = { 'content-type': type };
    const details = await problem(
      await fetch(`${server.url}${path}`, { method: 'POST', body: sent, headers }),
    );
    const place = status === 415 ? { header: 'Content-Type' } : { pointer: '' };
    expect(details).toMatchObject({ status, errors: [{ ...place, message }] });
  });

  it.each(['/v1/savings', '/v1/policy'])(
    '%s names both ends of a span that ends before it begins',
    async (path) => {
      const answer = await get(`${path}?from=2026-11-25&to=2026-11-24T23:00:00Z`);
      expect(await problem(answer)).toMatchObject({
        status: 400,
        code: 'malformed',
        errors: [
          { parameter: 'from', message: 'must not be after `to`' },
          { parameter: 'to', message: 'must not be before `from`' },
        ],
      });
    },
  );

  it('with faults is refused with all of them, and is not on the log', async () => {
    const response = await post({ text: '', channel: 7, extra: true }, { 'idempotency-key': 'a b' });
    expect(await problem(response)).toMatchObject({
      status: 400,
      code: 'malformed',
      errors: [
        { pointer: '/text' },
        { pointer: '/channel' },
        { pointer: '/extra' },
        { header: 'Idempotency-Key' },
      ],
    });
    expect(await problem(await post({ text: 'x'.repeat(262_145) }))).toMatchObject({ status: 413 });
    expect(await problem(await post({ text: 'x'.repeat(1_100_000) }))).toMatchObject({ status: 413 });
    expect(received).toEqual([]);
    expect((await post({ text: 'x'.repeat(262_144) })).status).toBe(202);
  });

  it('that the log does not take is not answered for, and may come again', async () => {
    vi.spyOn(bus, 'publish').mockRejectedValueOnce(new Fault('unavailable', 'no broker'));
    const headers = { 'idempotency-key': 'k1' };
    const response = await post({ text: 'hello' }, headers);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await problem(response)).toMatchObject({ status: 503, code: 'unavailable' });
    await accepted(await post({ text: 'hello' }, headers));
    expect(received).toHaveLength(1);
  });
});

describe('an idempotency key', () => {
  const headers = { 'idempotency-key': 'order-7' };

  it('makes a repeat the same message, with the same answer', async () => {
    const first = await accepted(await post({ text: 'hello', metadata: { a: '1', b: '2' } }, headers));
    const again = await post('{ "metadata": {"b":"2","a":"1"}, "text": "hello", "channel": "api" }', headers);
    expect(await accepted(again)).toEqual(first);
    expect(received).toHaveLength(1);
  });

  it('with another body is refused', async () => {
    await accepted(await post({ text: 'hello' }, headers));
    expect(await problem(await post({ text: 'hello!' }, headers))).toMatchObject({
      status: 422,
      code: 'rejected',
      errors: [{ header: 'Idempotency-Key' }],
    });
    expect(received).toHaveLength(1);
  });

  it('at the same moment is one message', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => accepted(await post({ text: 'hello' }, headers))),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(received).toHaveLength(1);
  });

  it('of another caller is another key', async () => {
    const keyed = await serveHttp({
      modules: [GatewayModule.with({ bus, state, ledger, pack })],
      operations: gatewayOperations,
      host: '127.0.0.1',
      port: 0,
      apiKeys: ['one', 'two'],
      readiness: async () => [],
      service: 'gateway',
      version: '0.1.0',
    });
    const send = async (secret: string): Promise<string> => {
      const response = await fetch(`${keyed.url}/v1/messages`, {
        method: 'POST',
        body: '{"text":"hello"}',
        headers: { ...headers, 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      });
      return (await accepted(response)).id;
    };
    const ids = [await send('one'), await send('two'), await send('one')];
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toBe(ids[2]);
    await keyed.close();
  });
});

describe('many messages in one call', () => {
  const sendLines = async (lines: readonly string[]): Promise<Response> =>
    post(lines.join('\n'), { 'content-type': 'application/x-ndjson' });
  const answersOf = async (response: Response): Promise<unknown[]> => {
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/x-ndjson');
    const text = await response.text();
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  };

  it('are answered line by line, and published in their order', async () => {
    const publish = vi.spyOn(bus, 'publish');
    const answers = await answersOf(
      await sendLines([
        '{"text":"one","conversation_id":"c1"}',
        '{"text":"two","conversation_id":"c1","idempotency_key":"k"}',
        '',
        '{"text":7,"extra":1}',
        'no json',
        '{"text":"two","conversation_id":"c1","idempotency_key":"k"}',
        '{"text":"other","idempotency_key":"k"}',
        `{"text":"${'x'.repeat(262_145)}"}`,
        '',
      ]),
    );
    const accepted = { id: expect.any(String), conversation_id: 'c1', trace_id: expect.any(String) };
    for (const answer of answers)
      expect(answer).toMatchObject({ trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(answers).toMatchObject([
      { line: 1, ...accepted },
      { line: 2, ...accepted },
      { line: 4, status: 400, errors: [{ pointer: '/text' }, { pointer: '/extra' }] },
      { line: 5, status: 400 },
      { line: 6, ...accepted },
      { line: 7, status: 422 },
      { line: 8, status: 413 },
    ]);
    const [one, two, , , again] = answers as { id: string; trace_id: string }[];
    expect(again?.id).toBe(two?.id);
    expect(one?.trace_id).not.toBe(two?.trace_id);
    expect(publish).toHaveBeenCalledTimes(1);
    expect(received.map(({ id }) => id)).toEqual([one, two].map((each) => `${each?.id}/message.received`));
    expect((await get(`/v1/messages/${one?.id}`)).status).toBe(200);
  });

  it('may be indented, end as on Windows, and have blank lines between them', async () => {
    const answers = await answersOf(
      await sendLines(['', ' ', '  {"text":"one"}\r', '\r', '\t{"text":"two"} ', '{"text":""}', '', '']),
    );
    expect(answers).toMatchObject([
      { line: 3, id: expect.any(String) },
      { line: 5 },
      { line: 6, status: 400 },
    ]);
    expect(received).toHaveLength(2);
  });

  it.each([
    ['none', [''], 400, 'malformed'],
    ['too many', Array.from({ length: 1_001 }, () => '{"text":"x"}'), 413, 'too_large'],
    ['too long', [`{"text":"${'x'.repeat(4_200_000)}"}`], 413, 'too_large'],
  ])('%s', async (_, lines, status, code) => {
    expect(await problem(await sendLines(lines))).toMatchObject({ status, code });
    expect(received).toEqual([]);
  });
});

it('lists messages page by page', async () => {
  await ledger.apply(['m1', 'm2', 'm3'].map((id) => receivedChange(id)));
  const first = messageListSchema.parse(await (await get('/v1/messages?status=&limit=2')).json());
  expect(first.items.map(({ id }) => id)).toEqual(['m3', 'm2']);
  const second = await get(`/v1/messages?limit=2&cursor=${encodeURIComponent(first.next_cursor ?? '')}`);
  expect(messageListSchema.parse(await second.json())).toMatchObject({
    items: [{ id: 'm1' }],
    next_cursor: null,
  });
});

it('prints the bill of a span', async () => {
  await ledger.apply(['m1', 'm2'].map((id) => receivedChange(id)));
  const bill = savingsSchema.parse(await (await get('/v1/savings?from=1970-01-01')).json());
  expect(bill).toMatchObject({ messages: 2, from: '1970-01-01T00:00:00.000Z', to: null });
  expect(savingsSchema.parse(await (await get('/v1/savings?to=1970-01-01')).json())).toMatchObject({
    messages: 0,
  });
});

it('shows how far each cap of the budget is used', async () => {
  const reserved = await budget.reserve('1', 'frontier', 40n);
  if (reserved.state === 'reserved') await budget.settle(reserved.reservation, 30n);
  await budget.reserve('2', 'frontier', 20n);
  const [day, month] = budgetsSchema.strict().parse(await (await get('/v1/budgets')).json()).caps;
  expect(day).toMatchObject({ per: 'day', model: null, cap_nanos: 100, left_nanos: 50 });
  expect(month).toMatchObject({ model: 'frontier', spent_nanos: 30, reserved_nanos: 20 });
  expect(Date.parse(day?.resets_at ?? '') % 86_400_000).toBe(0);
});

describe('the stream', () => {
  async function listen(query: string): Promise<{ next(part: string): Promise<string>; close(): void }> {
    const gone = new AbortController();
    const response = await fetch(`${server.url}/v1/stream${query}`, { signal: gone.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    return {
      async next(part) {
        while (!text.includes(part)) {
          const { value, done } = await reader.read();
          if (done) throw new Error(`the stream ended before ${part}: ${text}`);
          text += Buffer.from(value).toString();
        }
        return text;
      },
      close: () => gone.abort(),
    };
  }

  it('shows what happens to a conversation', async () => {
    const stream = await listen('?types=message.received&conversation_id=c1');
    await stream.next('listening');
    await accepted(await post({ text: 'not mine', conversation_id: 'c2' }));
    const { id } = await accepted(await post({ text: 'mine', conversation_id: 'c1' }));
    const text = await stream.next('data: ');
    expect(text).toContain(`id: ${id}/message.received\nevent: message.received\n`);
    expect(text).toContain('"text":"mine"');
    expect(text).not.toContain('not mine');
    stream.close();
  });

  it('ends when the server stops', async () => {
    const stream = await listen('');
    await stream.next('listening');
    await server.close();
    await expect(stream.next('never')).rejects.toThrow('the stream ended');
  });
});
