import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, until } from '../api.js';
import { type OtlpReceiver, startOtlpReceiver } from '../otlp.js';
import {
  census,
  customerWords,
  EVERY_SERVICE,
  everythingSeen,
  inTrace,
  type Line,
  named,
  rootsOf,
  type Sent,
  send,
  servicesOf,
  upload,
  words,
} from '../otlp-traces.js';
import { type Server, startServer } from '../server.js';

describe('on embedded models', () => {
  const EDITED = 'We deleted everything, dear Philippa.';
  const TRACE = 'c0ffee00c0ffee00c0ffee00c0ffee00';
  const CALLER = 'cafe0000cafe0000';
  let receiver: OtlpReceiver;
  let server: Server;
  let plain: Sent;
  let continued: Sent;
  let reviewed: Sent;
  let lines: readonly Line[];
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
    lines = await upload(server, Array(3).fill({ ...words, channel: 'email' }));
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
      ...customerWords.filter((word) => word.test(seen)),
      ...reply.filter((line) => seen.includes(line)),
    ]).toEqual([]);
  });
});
