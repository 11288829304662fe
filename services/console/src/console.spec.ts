import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus, BusRecord } from '@spillway/bus/bus';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { decode } from '@spillway/contracts/event';
import { ReviewDecidedSchema, ReviewDecision } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { type HttpServer, serveHttp } from '@spillway/http/serve';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import { openEmbeddedLedger } from '@spillway/store/embedded-ledger';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { Ledger } from '@spillway/store/ledger';
import type { LedgerChange } from '@spillway/store/ledger-change';
import { audit, auditRequest, step } from '@spillway/store/testing/ledger-history';
import { configureLogs } from '@spillway/telemetry/logger';
import { startTracing } from '@spillway/telemetry/tracing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { auditListSchema } from './audit-view.js';
import { ConsoleModule } from './console.module.js';
import { consoleOperations, decidedSchema } from './console.operations.js';
import { reviewListSchema, reviewViewSchema } from './review-view.js';

configureLogs({ level: 'silent' });

const trace = 'a'.repeat(32);
const held = (number: number, suggestion: string | null): LedgerChange[] => [
  {
    kind: 'received',
    messageId: `m${number}`,
    conversationId: 'c1',
    channel: 'mail',
    customer: 'ada',
    subject: 'Parcel',
    text: 'Where is it?',
    locale: 'en',
    customerFacing: true,
    traceId: trace,
    receivedAtMs: number,
  },
  {
    kind: 'review-requested',
    messageId: `m${number}`,
    conversationId: 'c1',
    reviewId: `m${number}/review`,
    step: 'draft',
    reasons: ['unsure'],
    suggestion,
    requestedAtMs: number,
  },
];

let folder: string;
let bus: Bus;
let state: KeyedState;
let ledger: Ledger;
let server: HttpServer;
let stopTracing: () => Promise<void>;
let decided: BusRecord[];

beforeEach(async () => {
  stopTracing = startTracing();
  folder = await mkdtemp(join(tmpdir(), 'console-'));
  bus = openEmbeddedBus({ path: join(folder, 'bus.db') });
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db') });
  ledger = openEmbeddedLedger({ path: join(folder, 'ledger.db') });
  await ledger.apply([...held(1, 'It is on its way.'), ...held(2, null), ...held(3, 'Soon.')]);
  decided = [];
  await bus.tail(['review.decided'], (record) => decided.push(record));
  server = await serveHttp({
    modules: [ConsoleModule.with({ bus, state, ledger })],
    operations: consoleOperations,
    host: '127.0.0.1',
    port: 0,
    apiKeys: ['grace:secret'],
    readiness: async () => [],
    service: 'console',
    version: '0.1.0',
  });
});
afterEach(async () => {
  await server.close();
  await bus.close();
  await state.close();
  await ledger.close();
  await stopTracing();
  await rm(folder, { recursive: true });
});

const authorization = 'Bearer secret';
const pathOf = (number: number): string =>
  `${server.url}/v1/reviews/${encodeURIComponent(`m${number}/review`)}`;
const get = async (url: string): Promise<unknown> =>
  (await fetch(url, { headers: { authorization } })).json();
const decide = (number: number, body: object): Promise<Response> =>
  fetch(pathOf(number), {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization, 'content-type': 'application/json' },
  });

it('lists what is open, oldest first, page by page', async () => {
  const first = reviewListSchema.parse(await get(`${server.url}/v1/reviews?limit=2`));
  expect(first.items.map(({ message_id }) => message_id)).toEqual(['m1', 'm2']);
  const cursor = encodeURIComponent(first.next_cursor ?? '');
  const second = reviewListSchema.parse(await get(`${server.url}/v1/reviews?limit=2&cursor=${cursor}`));
  expect(second).toMatchObject({ items: [{ message_id: 'm3', decided: null }], next_cursor: null });
});

it('shows a held reply beside what the customer wrote', async () => {
  expect(reviewViewSchema.strict().parse(await get(pathOf(1)))).toMatchObject({
    id: 'm1/review',
    suggestion: 'It is on its way.',
    message: { text: 'Where is it?', channel: 'mail' },
  });
});

it('lists what is to be labelled, and of what the small model said only the draft that is judged', async () => {
  await ledger.apply([
    step('m1', 'classify'),
    step('m1', 'draft'),
    auditRequest('m1', 'classify', { requestedAtMs: 1 }),
    auditRequest('m1', 'draft', { requestedAtMs: 2 }),
    auditRequest('m2', 'sentiment', { requestedAtMs: 3 }),
    audit('m2', 'sentiment', { source: 'truth' }),
  ]);
  const first = await get(`${server.url}/v1/audits?status=open&limit=1`);
  const { next_cursor } = auditListSchema.parse(first);
  expect((first as { items: unknown }).items).toEqual([
    {
      message_id: 'm1',
      conversation_id: 'c1',
      step: 'classify',
      channel: 'mail',
      subject: 'Parcel',
      text: 'Where is it?',
      locale: 'en',
      received_at: '1970-01-01T00:00:00.001Z',
      draft: null,
      requested_at: '1970-01-01T00:00:00.001Z',
    },
  ]);
  const cursor = encodeURIComponent(next_cursor ?? '');
  const second = auditListSchema.parse(await get(`${server.url}/v1/audits?cursor=${cursor}`));
  expect(second).toMatchObject({ items: [{ step: 'draft', draft: 'It is on its way.' }], next_cursor: null });
});

describe('a decision', () => {
  it.each([
    [{ decision: 'approve' }, ReviewDecision.APPROVE, 'It is on its way.'],
    [{ decision: 'edit', text: 'Tomorrow.' }, ReviewDecision.EDIT, 'Tomorrow.'],
    [{ decision: 'reject' }, ReviewDecision.REJECT, ''],
  ])(
    '%j goes out once, in the trace of the message, however often it is sent',
    async (body, decision, text) => {
      const response = await decide(1, body);
      expect(response.status).toBe(202);
      expect(decidedSchema.strict().parse(await response.json())).toEqual({
        review_id: 'm1/review',
        message_id: 'm1',
        decision: body.decision,
        trace_id: trace,
      });
      expect((await decide(1, body)).status).toBe(202);
      expect(new Set(decided.map(({ id }) => id))).toEqual(new Set(['m1/review.decided/m1/review']));
      const [first, again] = decided.map(({ value }) => decode(ReviewDecidedSchema, value));
      expect(first).toMatchObject({
        messageId: 'm1',
        conversationId: 'c1',
        decision,
        text,
        reviewer: 'grace',
      });
      expect(again).toEqual(first);
      expect(decided[0]?.headers['traceparent']).toContain(trace);
    },
  );

  it('stands: another one is a conflict', async () => {
    await decide(1, { decision: 'edit', text: 'Tomorrow.' });
    for (const body of [{ decision: 'reject' }, { decision: 'edit', text: 'Never.' }]) {
      expect(await (await decide(1, body)).json()).toMatchObject({ status: 409, code: 'conflict' });
    }
    expect(decided).toHaveLength(1);
  });

  it('at the same moment as another: one of them stands', async () => {
    const bodies = [{ decision: 'approve' }, { decision: 'reject' }];
    const statuses = await Promise.all(bodies.map(async (body) => (await decide(1, body)).status));
    expect(statuses.sort()).toEqual([202, 409]);
    expect(decided).toHaveLength(1);
  });

  it('that came a moment after the same one is the same one', async () => {
    await decide(1, { decision: 'approve' });
    vi.spyOn(state, 'get').mockResolvedValueOnce(undefined);
    expect((await decide(1, { decision: 'approve' })).status).toBe(202);
    expect(new Set(decided.map(({ value }) => Buffer.from(value).toString('hex'))).size).toBe(1);
  });

  it('that only the ledger remembers stands as well', async () => {
    const change = {
      kind: 'review-decided',
      messageId: 'm1',
      conversationId: 'c1',
      reviewId: 'm1/review',
    } as const;
    await ledger.apply([{ ...change, decision: 'approve', reviewer: 'alan', decidedAtMs: 9 }]);
    expect((await decide(1, { decision: 'reject' })).status).toBe(409);
  });

  it('that the log does not take may come again', async () => {
    vi.spyOn(bus, 'publish').mockRejectedValueOnce(new Fault('unavailable', 'no broker'));
    expect((await decide(1, { decision: 'approve' })).status).toBe(503);
    expect((await decide(1, { decision: 'approve' })).status).toBe(202);
    expect(decided).toHaveLength(1);
  });

  it.each([
    ['on nothing', 9, { decision: 'approve' }, 404, 'missing'],
    ['to approve where nothing is held', 2, { decision: 'approve' }, 422, 'rejected'],
    ['to edit without a text', 1, { decision: 'edit' }, 400, 'malformed'],
  ])('%s is a problem', async (_, number, body, status, code) => {
    expect(await (await decide(number, body)).json()).toMatchObject({ status, code });
    expect(decided).toEqual([]);
  });
});
