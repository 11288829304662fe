import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelServer, type ServedCall, startModelServer } from '@spillway/models/testing/model-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, type Message, post, until } from '../api.js';
import { type OtlpReceiver, startOtlpReceiver } from '../otlp.js';
import type { ExportedSpan } from '../otlp-spans.js';
import { type Server, startServer } from '../server.js';

/** Every word of it is nowhere else; the order number is what the models extract. */
const words = {
  text: 'Zephyrine asks: where is my order FF-204518? It was due on Monday.',
  subject: 'Quixotry of parcels',
  customer: 'Ottoline Fairweather',
  metadata: { desk: 'Grimsby-Annexe' },
};
const EDITED = 'We deleted everything, dear Philippa.';
const traces = [/zephyrine/i, /FF-204518/, /quixotry/i, /ottoline|fairweather/i, /grimsby/i, /philippa/i];

interface Sent {
  readonly traceId: string;
  readonly message: Message;
}

async function send(
  server: Server,
  message: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const { body } = await call<{ id: string; trace_id: string }>(
    `${server.url}/v1/messages`,
    message,
    headers,
  );
  return { traceId: body.trace_id, message: await until(server.url, body.id) };
}

const inTrace = ({ spans }: OtlpReceiver, traceId: string): readonly ExportedSpan[] =>
  spans.filter((span) => span.traceId === traceId);

/** Spans whose parent is not in the trace. */
const rootsOf = (spans: readonly ExportedSpan[]): readonly ExportedSpan[] => {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentId }) => !ids.has(parentId));
};

const named = (spans: readonly ExportedSpan[], name: string): readonly ExportedSpan[] =>
  spans.filter((span) => span.name === name);

/** How often each span is there, by service, kind and name. */
function census(spans: readonly ExportedSpan[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { service, kind, name } of spans) {
    const line = `${service.replace('spillway-', '')}: ${name} (${kind})`;
    counts[line] = (counts[line] ?? 0) + 1;
  }
  return counts;
}

const EVERY_SERVICE = [
  'spillway-classifier',
  'spillway-drafter',
  'spillway-extractor',
  'spillway-gateway',
  'spillway-ledger',
  'spillway-polisher',
  'spillway-router',
  'spillway-sentiment',
];
const servicesOf = (spans: readonly ExportedSpan[]): readonly string[] =>
  [...new Set(spans.map(({ service }) => service))].sort();

/** What an operator, or whoever reads the collector's disk, can see. */
const everythingSeen = (receiver: OtlpReceiver, server: Server): string =>
  receiver.bytes().toString() + server.log();

describe('on embedded models', () => {
  const TRACE = 'c0ffee00c0ffee00c0ffee00c0ffee00';
  const CALLER = 'cafe0000cafe0000';
  let receiver: OtlpReceiver;
  let server: Server;
  let plain: Sent;
  let continued: Sent;
  let reviewed: Sent;
  let lines: readonly { readonly trace_id: string; readonly id: string }[];
  let code: number;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    server = await startServer({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      SPILLWAY_LOG_LEVEL: 'debug',
    });
    plain = await send(server, { ...words, channel: 'email' });
    continued = await send(server, words, { traceparent: `00-${TRACE}-${CALLER}-01` });
    reviewed = await send(server, {
      text: 'Under GDPR I, Zephyrine, ask you to delete all my personal data.',
      channel: 'form',
    });
    await call(`${server.url}/v1/reviews/${reviewed.message.id}`, { decision: 'edit', text: EDITED });
    await until(server.url, reviewed.message.id, ['settled']);
    const bulk = Array.from({ length: 3 }, () => JSON.stringify({ ...words, channel: 'email' })).join('\n');
    const answer = await fetch(`${server.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: bulk,
    });
    lines = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const { id } of lines) await until(server.url, id);
    code = await server.stop();
  }, 60_000);
  afterAll(async () => {
    await server.remove();
    await receiver.close();
  });

  it('a message has one trace through every service, flushed when the server is stopped', () => {
    expect(code).toBe(0);
    expect(plain.traceId).toBe(plain.message.trace_id);
    expect(census(inTrace(receiver, plain.traceId))).toEqual({
      'gateway: POST /v1/messages (server)': 1,
      'classifier: process message.received (consumer)': 1,
      'extractor: process message.received (consumer)': 1,
      'sentiment: process message.received (consumer)': 1,
      'router: process message.received (consumer)': 1,
      'ledger: process message.received (consumer)': 1,
      'classifier: chat linear (client)': 1,
      'extractor: chat linear (client)': 1,
      'sentiment: chat linear (client)': 1,
      'classifier: create step.completed (producer)': 1,
      'extractor: create step.completed (producer)': 1,
      'sentiment: create step.completed (producer)': 1,
      'router: process step.completed (consumer)': 5,
      'ledger: process step.completed (consumer)': 5,
      'router: decide classify (internal)': 1,
      'router: decide extract (internal)': 1,
      'router: decide sentiment (internal)': 1,
      'router: decide draft (internal)': 1,
      'router: decide polish (internal)': 1,
      'router: create decision.made (producer)': 5,
      'ledger: process decision.made (consumer)': 5,
      'router: create draft.requested (producer)': 1,
      'drafter: process draft.requested (consumer)': 1,
      'drafter: chat linear (client)': 1,
      'drafter: create step.completed (producer)': 1,
      'router: create polish.requested (producer)': 1,
      'polisher: process polish.requested (consumer)': 1,
      'polisher: chat house-style (client)': 1,
      'polisher: create step.completed (producer)': 1,
      'router: create message.settled (producer)': 1,
      'ledger: process message.settled (consumer)': 1,
    });
  });

  it('its spans hang together below the request', () => {
    const spans = inTrace(receiver, plain.traceId);
    expect(rootsOf(spans).map(({ name, parentId }) => [name, parentId])).toEqual([['POST /v1/messages', '']]);
    const makers = new Map(spans.map((span) => [span.spanId, span]));
    for (const { kind, name, parentId, links } of spans) {
      if (kind !== 'consumer') continue;
      expect(links).toEqual([{ traceId: plain.traceId, spanId: parentId }]);
      const maker = name.endsWith('message.received')
        ? 'POST /v1/messages'
        : name.replace('process', 'create');
      expect(makers.get(parentId)?.name).toBe(maker);
    }
    expect(spans.filter(({ failed }) => failed)).toEqual([]);
  });

  it.each<readonly [string, (id: string) => Readonly<Record<string, unknown>>]>([
    [
      'POST /v1/messages',
      (id) => ({
        'http.request.method': 'POST',
        'http.route': '/v1/messages',
        'http.response.status_code': 202,
        'url.scheme': 'http',
        'url.path': '/v1/messages',
        'spillway.message.id': id,
      }),
    ],
    [
      'process draft.requested',
      (id) => ({
        'messaging.system': 'embedded',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'draft.requested',
        'messaging.destination.partition.id': expect.stringMatching(/^\d+$/),
        'messaging.kafka.offset': expect.any(Number),
        'messaging.consumer.group.name': 'drafter',
        'messaging.message.id': `${id}/draft.requested`,
        'messaging.message.conversation_id': id,
        'spillway.message.id': id,
      }),
    ],
    [
      'create draft.requested',
      (id) => ({
        'messaging.system': 'embedded',
        'messaging.operation.name': 'create',
        'messaging.operation.type': 'create',
        'messaging.destination.name': 'draft.requested',
        'messaging.message.id': `${id}/draft.requested`,
        'messaging.message.conversation_id': id,
        'spillway.message.id': id,
      }),
    ],
    [
      'chat house-style',
      () => ({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'spillway',
        'gen_ai.request.model': 'house-style',
        'gen_ai.request.max_tokens': expect.any(Number),
        'gen_ai.output.type': 'json',
        'gen_ai.usage.input_tokens': expect.any(Number),
        'gen_ai.usage.cache_read.input_tokens': 0,
        'gen_ai.usage.output_tokens': expect.any(Number),
        'gen_ai.usage.reasoning.output_tokens': 0,
        'gen_ai.response.finish_reasons': ['stop'],
        'spillway.step': 'polish',
        'spillway.tier': 'big',
        'spillway.usage.estimated': true,
        'spillway.attempts': 1,
        'spillway.cost_nanos': 0,
      }),
    ],
    [
      'decide draft',
      () => ({
        'spillway.step': 'draft',
        'spillway.tier': 'small',
        'spillway.verdict': 'escalate',
        'spillway.reason': 'a customer reads the reply',
        'spillway.confidence': expect.any(Number),
        'spillway.threshold': 0.7,
        'spillway.policy.version': expect.any(String),
      }),
    ],
  ])('%s says what it is about, and nothing else', (name, attributes) => {
    const [span] = named(inTrace(receiver, plain.traceId), name);
    expect(span?.attributes).toEqual(attributes(plain.message.id));
  });

  it('decisions carry the confidence and the threshold that the API shows', () => {
    const spans = inTrace(receiver, plain.traceId).filter(({ name }) => name.startsWith('decide '));
    const seen = spans.map(({ attributes: found }) => ({
      step: found['spillway.step'],
      verdict: found['spillway.verdict'],
      confidence: found['spillway.confidence'],
      threshold: found['spillway.threshold'],
    }));
    expect(seen).toHaveLength(5);
    for (const each of seen) expect(plain.message.decisions).toContainEqual(expect.objectContaining(each));
  });

  it('the trace of a caller goes on', () => {
    const spans = inTrace(receiver, TRACE);
    expect(continued.traceId).toBe(TRACE);
    expect(servicesOf(spans)).toEqual(EVERY_SERVICE.filter((service) => service !== 'spillway-polisher'));
    expect(rootsOf(spans).map(({ name, parentId }) => [name, parentId])).toEqual([
      ['POST /v1/messages', CALLER],
    ]);
  });

  it('the decision of a person belongs to the trace of the message', () => {
    const spans = inTrace(receiver, reviewed.traceId);
    expect(rootsOf(spans).map(({ name, parentId }) => [name, parentId])).toEqual([['POST /v1/messages', '']]);
    expect(census(spans)).toMatchObject({
      'router: create review.requested (producer)': 1,
      'router: process review.decided (consumer)': 1,
      'ledger: process review.decided (consumer)': 1,
      'ledger: process message.settled (consumer)': 1,
    });
    expect(servicesOf(spans)).toContain('spillway-console');
  });

  it('every line of an upload has a trace of its own, linked to the upload', () => {
    const uploads = named(receiver.spans, 'POST /v1/messages').filter(
      ({ attributes }) => attributes['http.response.status_code'] === 200,
    );
    expect(uploads).toHaveLength(1);
    expect(new Set(lines.map(({ trace_id }) => trace_id)).size).toBe(3);
    for (const { id, trace_id } of lines) {
      const spans = inTrace(receiver, trace_id);
      const [root, ...others] = rootsOf(spans);
      expect(others).toEqual([]);
      expect(root).toMatchObject({ name: 'receive message', kind: 'producer', parentId: '' });
      expect(root?.attributes).toEqual({ 'spillway.message.id': id });
      expect(root?.links.map(({ spanId }) => spanId)).toEqual([uploads[0]?.spanId]);
      expect(servicesOf(spans)).toEqual(EVERY_SERVICE);
    }
  });

  it('nothing of the customer is in a span or a log line', () => {
    const seen = everythingSeen(receiver, server);
    const reply = plain.message.reply?.text.split('\n').filter((line) => line.length > 20) ?? [];
    expect(reply.length).toBeGreaterThan(1);
    expect([
      ...traces.filter((word) => word.test(seen)),
      ...reply.filter((line) => seen.includes(line)),
    ]).toEqual([]);
  });
});

describe('on endpoints', () => {
  const example = fileURLToPath(new URL('../../../deploy/packs/support', import.meta.url));
  const asks = ({ body }: ServedCall, word: string): boolean =>
    body.messages.some(({ content }) => content.includes(word));
  const SMALL = 'meta-llama/Llama-3.1-8B-Instruct';
  let pack: string;
  let small: ModelServer;
  let big: ModelServer;
  let receiver: OtlpReceiver;
  let server: Server;
  let priced: Sent;
  let late: Sent;
  let echoed: Sent;
  let behind: readonly Sent[];

  beforeAll(async () => {
    pack = mkdtempSync(join(tmpdir(), 'spillway-pack-'));
    cpSync(example, pack, { recursive: true });
    const policy = readFileSync(join(pack, 'policy.yaml'), 'utf8');
    writeFileSync(join(pack, 'policy.yaml'), policy.replace(/small_ms: \d+/, 'small_ms: 700'));
    [small, big, receiver] = [await startModelServer(), await startModelServer(), await startOtlpReceiver()];
    server = await startServer({
      SPILLWAY_PACK: pack,
      SMALL_BASE_URL: small.baseUrl,
      BIG_BASE_URL: big.baseUrl,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      SPILLWAY_LOG_LEVEL: 'debug',
    });
    const message = { ...words, channel: 'form' };
    priced = await send(server, { ...words, channel: 'email' });
    small.always(({ step }) => (step === 'extract' ? { kind: 'silent' } : undefined));
    late = await send(server, message);
    small.always((made) =>
      made.step === 'draft' && asks(made, 'First') ? { kind: 'slow', ms: 400 } : undefined,
    );
    behind = await Promise.all(
      ['First', 'Then'].map((begin) =>
        send(server, { text: `${begin}: ${words.text}`, channel: 'form', conversation_id: 'both' }),
      ),
    );
    const quoting = { kind: 'says', text: JSON.stringify({ [words.text]: words.subject }) } as const;
    small.always(({ step }) => (step === 'classify' ? quoting : undefined));
    big.always(({ step }) => (step === 'classify' ? { kind: 'says', text: words.text } : undefined));
    echoed = await send(server, message);
    await server.stop();
  }, 60_000);
  afterAll(async () => {
    await server.remove();
    await Promise.all([small.close(), big.close(), receiver.close()]);
    rmSync(pack, { recursive: true });
  });

  it('calls carry model, tokens and money, and the money adds up to the bill', () => {
    const calls = inTrace(receiver, priced.traceId).filter(({ kind }) => kind === 'client');
    expect(calls.map(({ name }) => name).sort()).toEqual(['chat gpt-4o', ...Array(4).fill(`chat ${SMALL}`)]);
    for (const { attributes } of calls) {
      expect(attributes).toMatchObject({
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': expect.stringMatching(/^(gpt-4o|meta-llama.*)$/),
        'gen_ai.usage.input_tokens': expect.any(Number),
        'gen_ai.usage.output_tokens': expect.any(Number),
        'server.address': '127.0.0.1',
        'spillway.cost_nanos': expect.any(Number),
      });
      expect(attributes).not.toHaveProperty('spillway.usage.estimated');
    }
    const sum = calls.reduce((total, { attributes }) => total + Number(attributes['spillway.cost_nanos']), 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBe(priced.message.cost_nanos);
  });

  it('a step that is late goes to the big model in the same trace', () => {
    const spans = inTrace(receiver, late.traceId);
    expect(late.message.status).toBe('settled');
    expect(rootsOf(spans).map(({ name }) => name)).toEqual(['POST /v1/messages']);
    expect(servicesOf(spans)).toEqual(EVERY_SERVICE);
    const [decision] = named(spans, 'decide extract');
    expect(decision?.attributes).toMatchObject({ 'spillway.tier': 'small', 'spillway.verdict': 'escalate' });
    const failed = spans.filter((span) => span.failed);
    expect(failed.map(({ service, name }) => [service, name])).toContainEqual([
      'spillway-extractor',
      `chat ${SMALL}`,
    ]);
  });

  it('a reply that waited for the message before it leaves in its own trace', () => {
    for (const { traceId, message } of behind) {
      const spans = inTrace(receiver, traceId);
      expect(new Set(spans.map(({ attributes }) => attributes['spillway.message.id']))).toEqual(
        new Set([undefined, message.id]),
      );
      expect(named(spans, 'process message.settled')).toHaveLength(1);
    }
  });

  it('what a model quotes of the customer is in no span and no log line either', () => {
    expect(echoed.message.status).toBe('in_review');
    expect(named(inTrace(receiver, echoed.traceId), 'decide classify')).toHaveLength(2);
    const seen = everythingSeen(receiver, server);
    expect(traces.filter((word) => word.test(seen))).toEqual([]);
  });
});

describe('while nobody takes the spans', () => {
  it.each(['there is no endpoint', 'the endpoint never answers'])(
    '%s: messages are answered, spans are lost and counted, and the server stops',
    async (trouble) => {
      const receiver = await startOtlpReceiver();
      receiver.fallSilent();
      if (trouble === 'there is no endpoint') await receiver.close();
      const server = await startServer({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
      const body = Array.from({ length: 500 }, () => JSON.stringify({ ...words, channel: 'email' })).join(
        '\n',
      );
      const headers = { 'content-type': 'application/x-ndjson' };
      await fetch(`${server.url}/v1/messages`, { method: 'POST', headers, body });
      await until(server.url, await post(server.url, { ...words, channel: 'email' }));
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      expect(Number(/^spillway_spans_lost_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
      expect(await server.stop()).toBe(0);
      expect(server.log()).toContain('spans are lost');
      await server.remove();
      if (trouble !== 'there is no endpoint') await receiver.close();
    },
    30_000,
  );
});
