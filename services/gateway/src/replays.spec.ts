import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Bus, BusRecord } from '@spillway/bus/bus';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { decode, emitTo, type Outgoing } from '@spillway/contracts/event';
import { DeadLetteredSchema, EventReplayedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { retryTopics } from '@spillway/contracts/topology';
import { type HttpServer, serveHttp } from '@spillway/http/serve';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import { openEmbeddedLedger } from '@spillway/store/embedded-ledger';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { Ledger } from '@spillway/store/ledger';
import { configureLogs } from '@spillway/telemetry/logger';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GatewayModule } from './gateway.module.js';
import { gatewayOperations } from './gateway.operations.js';
import { replayLineSchema } from './replay-lines.js';
import { pack } from './testing/shop.js';

const logged: string[] = [];
configureLogs({ level: 'warn', destination: { write: (line) => logged.push(line) } });

let folder: string;
let bus: Bus;
let state: KeyedState;
let ledger: Ledger;
let server: HttpServer;
/** Every record that a retry topic was given. */
let retried: BusRecord[];
/** What was told of it. */
let facts: BusRecord[];

beforeEach(async () => {
  logged.length = 0;
  retried = [];
  facts = [];
  folder = await mkdtemp(join(tmpdir(), 'replays-'));
  bus = openEmbeddedBus({ path: join(folder, 'bus.db') });
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db') });
  ledger = openEmbeddedLedger({ path: join(folder, 'ledger.db') });
  await bus.tail(retryTopics, (record) => retried.push(record));
  await bus.tail(['event.replayed'], (record) => facts.push(record));
  server = await serveHttp({
    modules: [GatewayModule.with({ bus, state, ledger, pack })],
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
  await rm(folder, { recursive: true });
});

/** A dead letter of `message.received`, parked by this group after so many replays. */
function letter(messageId: string, group = 'router', replays = 0, errorCode = 'unknown'): Outgoing {
  const id = `${messageId}/message.received`;
  const purpose = replays === 0 ? id : `${id}/replay-${replays}`;
  return emitTo(
    `message.received.${group}.dead`,
    DeadLetteredSchema,
    {
      conversationId: 'c1',
      messageId,
      group,
      originTopic: 'message.received',
      eventId: id,
      headers: replays === 0 ? {} : { 'retry-replays': `${replays}` },
      payload: Uint8Array.of(1, 2),
      errorCode,
      errorDetail: 'TypeError',
      attempts: 5,
      failedAt: timestampFromMs(Date.now() - 60_000),
    },
    purpose,
  );
}

type Line = Record<string, unknown>;

async function replay(body: object = {}): Promise<readonly Line[]> {
  const response = await fetch(`${server.url}/v1/replays`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const lines = (await response.text()).trimEnd().split('\n');
  return lines.map((line) => replayLineSchema.parse(JSON.parse(line)) as Line);
}

const outcomes = (lines: readonly Line[]) =>
  lines.slice(0, -1).map(({ outcome, message_id, group }) => `${outcome} ${message_id} ${group}`);
const end = { outcome: 'end', replayed: 0, refused: 0, replayed_before: 0, more: false };

it('gives a dead letter back to the group that parked it, and to no other', async () => {
  await bus.publish([{ ...letter('m1'), headers: { traceparent: 'failed' } }]);
  const lines = await replay();
  expect(lines).toEqual([
    {
      outcome: 'replayed',
      id: letter('m1').id,
      event_id: 'm1/message.received',
      message_id: 'm1',
      conversation_id: 'c1',
      topic: 'message.received',
      group: 'router',
      code: 'unknown',
      detail: 'TypeError',
      attempts: 5,
      replays: 0,
      failed_at: expect.any(String),
    },
    { ...end, replayed: 1 },
  ]);
  expect(retried).toMatchObject([
    {
      topic: 'message.received.router.retry',
      key: 'c1',
      id: 'm1/message.received',
      value: Uint8Array.of(1, 2),
      headers: { 'retry-replays': '1', 'retry-failed-traceparent': 'failed' },
    },
  ]);
  expect(Number(retried[0]?.headers['not-before'])).toBeLessThanOrEqual(Date.now());
});

it('tells on the log that the event is on its way again, and how often it was', async () => {
  await bus.publish([letter('m1'), letter('m2', 'ledger', 2)]);
  await replay();
  expect(facts.map(({ id, key }) => [id, key])).toEqual([
    ['m1/event.replayed/router:m1/message.received:1', 'c1'],
    ['m2/event.replayed/ledger:m2/message.received:3', 'c1'],
  ]);
  const [first, second] = facts.map(({ value }) => decode(EventReplayedSchema, value));
  expect(first).toMatchObject({
    conversationId: 'c1',
    messageId: 'm1',
    group: 'router',
    originTopic: 'message.received',
    eventId: 'm1/message.received',
    replays: 1,
  });
  expect(second).toMatchObject({ group: 'ledger', replays: 3 });
});

it('leaves a line in the log for each, which quotes nobody', async () => {
  await bus.publish([letter('m1')]);
  await replay();
  expect(logged.map((line) => JSON.parse(line) as Line)).toEqual([
    expect.objectContaining({
      msg: 'an event is replayed',
      dead_letter_id: letter('m1').id,
      event_id: 'm1/message.received',
      group: 'router',
      caller: 'local',
    }),
  ]);
});

it('tells what it would do, and does nothing, in a dry run', async () => {
  await bus.publish([letter('m1'), letter('m2', 'ledger')]);
  const lines = await replay({ dry_run: true });
  expect(outcomes(lines)).toEqual(['would_be_replayed m1 router', 'would_be_replayed m2 ledger']);
  expect(lines.at(-1)).toEqual({ ...end, replayed: 2 });
  expect([retried, facts, logged]).toEqual([[], [], []]);
  expect((await replay()).at(-1)).toEqual({ ...end, replayed: 2 });
});

it('replays nothing twice', async () => {
  // At least once: a dead letter may stand on its topic more than once.
  await bus.publish([letter('m1'), letter('m1'), letter('m2')]);
  expect((await replay()).at(-1)).toEqual({ ...end, replayed: 2 });
  expect(await replay()).toEqual([{ ...end, replayed_before: 2 }]);
  expect(await replay({ dry_run: true })).toEqual([{ ...end, replayed_before: 2 }]);
  expect(retried.length).toBe(2);
});

it('replays nothing twice when two ask at once', async () => {
  await bus.publish(Array.from({ length: 20 }, (_, n) => letter(`m${n}`)));
  const ends = (await Promise.all([replay({ rate: 1_000 }), replay({ rate: 1_000 })])).map((lines) =>
    Number(lines.at(-1)?.['replayed']),
  );
  expect(ends.reduce((sum, count) => sum + count)).toBe(20);
  expect(new Set(retried.map(({ id }) => id)).size).toBe(20);
  expect(retried.length).toBe(20);
});

it.each<[string, number, object, readonly string[]]>([
  ['is replayed again', 1, {}, ['replayed m1 router']],
  ['is replayed once more', 2, {}, ['replayed m1 router']],
  ['is refused', 3, {}, ['refused m1 router']],
  ['is refused in a dry run too', 3, { dry_run: true }, ['refused m1 router']],
  ['is replayed where that is forced', 3, { force: true }, ['replayed m1 router']],
])('what failed after replays %s: after %i', async (_, replays, body, wanted) => {
  await bus.publish([letter('m1', 'router', replays)]);
  const lines = await replay(body);
  expect(outcomes(lines)).toEqual(wanted);
  expect(retried.length).toBe(wanted[0]?.startsWith('replayed') ? 1 : 0);
});

it('replays again what was parked again', async () => {
  await bus.publish([letter('m1')]);
  await replay();
  await bus.publish([letter('m1', 'router', 1)]);
  expect(outcomes(await replay())).toEqual(['replayed m1 router']);
  expect(retried.map(({ headers }) => headers['retry-replays'])).toEqual(['1', '2']);
});

it('stops at the limit, says so, and goes on from there', async () => {
  await bus.publish([letter('m0', 'router', 3), letter('m1'), letter('m2'), letter('m3')]);
  const first = await replay({ limit: 2 });
  expect(outcomes(first)).toEqual(['refused m0 router', 'replayed m1 router', 'replayed m2 router']);
  expect(first.at(-1)).toMatchObject({ replayed: 2, more: true });
  const second = await replay({ limit: 2 });
  expect(outcomes(second)).toEqual(['refused m0 router', 'replayed m3 router']);
  expect(second.at(-1)).toMatchObject({ replayed: 1, replayed_before: 2, more: false });
});

it('chooses as it is asked to', async () => {
  await bus.publish([letter('m1'), letter('m1', 'ledger'), letter('m2', 'router', 0, 'timed_out')]);
  expect(outcomes(await replay({ group: 'ledger', dry_run: true }))).toEqual(['would_be_replayed m1 ledger']);
  expect(outcomes(await replay({ code: 'timed_out' }))).toEqual(['replayed m2 router']);
  expect(outcomes(await replay({ message_id: 'm1' }))).toEqual(['replayed m1 router', 'replayed m1 ledger']);
});

it('keeps to the rate', async () => {
  await bus.publish(Array.from({ length: 4 }, (_, n) => letter(`m${n}`)));
  const startedAt = performance.now();
  await replay({ rate: 10 });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(295);
});

it('ends when who asked hangs up', async () => {
  await bus.publish(Array.from({ length: 50 }, (_, n) => letter(`m${n}`)));
  const hangUp = new AbortController();
  const response = await fetch(`${server.url}/v1/replays`, {
    method: 'POST',
    body: '{"rate":5}',
    headers: { 'content-type': 'application/json' },
    signal: hangUp.signal,
  });
  await response.body?.getReader().read();
  hangUp.abort();
  // The server closes its connections only once their answers have ended.
  await server.close();
  expect(retried.length).toBeLessThan(10);
});

it('passes over what is no dead letter', async () => {
  const broken = { ...letter('m1'), value: Uint8Array.of(255, 255) };
  const { decoded: _, ...bytes } = broken;
  await bus.publish([bytes, { ...letter('m2'), topic: 'step.completed.router.dead' }, letter('m3')]);
  expect(outcomes(await replay())).toEqual(['replayed m3 router']);
  expect(logged.filter((line) => line.includes('this is no dead letter')).length).toBe(2);
});

it('says in the last line that it broke off, and may be asked again', async () => {
  await bus.publish([letter('m1')]);
  const publish = vi.spyOn(bus, 'publish').mockRejectedValueOnce(new Fault('unavailable', 'the log is down'));
  expect(await replay()).toEqual([expect.objectContaining({ code: 'unavailable', status: 503 })]);
  publish.mockRestore();
  expect(outcomes(await replay())).toEqual(['replayed m1 router']);
});

it('refuses a request with every fault of it', async () => {
  const response = await fetch(`${server.url}/v1/replays`, {
    method: 'POST',
    body: JSON.stringify({ topic: 'weather.changed', rate: 0, colour: 'red' }),
    headers: { 'content-type': 'application/json' },
  });
  expect(response.status).toBe(400);
  expect(
    ((await response.json()) as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer),
  ).toEqual(expect.arrayContaining(['/topic', '/rate', '/colour']));
});
