import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { Fault } from '@spillway/contracts/fault';
import { recordTo } from '@spillway/telemetry/span-recording';
import { startTracing } from '@spillway/telemetry/tracing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordHandler } from '../bus.js';
import { event } from '../testing/harness.js';
import { record } from '../testing/record.js';
import { noteFault, traced } from './trace.js';

const { signal } = new AbortController();
const TRACE_ID = 'a'.repeat(32);
const SPAN_ID = 'b'.repeat(16);
const incoming = record({ headers: { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, tracestate: 'v=1' } });
const own = { traceparent: '00-own' };
const handler: RecordHandler = async () => [
  event('draft.requested', 'c1', 'x', { headers: { extra: '1' } }),
  event('draft.requested', 'c1', 'y', { headers: own }),
];

let stop: () => Promise<void>;
afterEach(async () => {
  await stop();
});

describe('trace, recorded', () => {
  let exporter: InMemorySpanExporter;
  beforeEach(() => {
    exporter = new InMemorySpanExporter();
    stop = startTracing(recordTo(new SimpleSpanProcessor({ exporter })));
  });
  const spans = () => exporter.getFinishedSpans();

  it('makes one consumer span, child of the creator and linked to it', async () => {
    await traced('router', 'embedded')(handler)(incoming, signal);
    const [span] = spans().filter(({ kind }) => kind === SpanKind.CONSUMER);
    expect(span).toMatchObject({ name: 'process message.received', kind: SpanKind.CONSUMER });
    expect(span?.parentSpanContext).toMatchObject({ traceId: TRACE_ID, spanId: SPAN_ID });
    expect(span?.links.map((link) => link.context.spanId)).toEqual([SPAN_ID]);
    expect(span?.attributes).toEqual({
      'messaging.system': 'embedded',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'message.received',
      'messaging.destination.partition.id': '1',
      'messaging.kafka.offset': 7,
      'messaging.consumer.group.name': 'router',
      'messaging.message.id': 'm1/message.received',
      'messaging.message.conversation_id': 'c1',
      'spillway.message.id': 'm1',
    });
  });

  it('links to the attempt that failed, where it is tried again', async () => {
    const failed = 'c'.repeat(16);
    const headers = { ...incoming.headers, 'retry-failed-traceparent': `00-${TRACE_ID}-${failed}-01` };
    await traced('router', 'embedded')(async () => [])(record({ headers }), signal);
    expect(spans()[0]?.parentSpanContext?.spanId).toBe(SPAN_ID);
    expect(spans()[0]?.links.map((link) => link.context.spanId)).toEqual([SPAN_ID, failed]);
  });

  it('makes one producer span for every output that has no trace, which the output carries', async () => {
    const outputs = await traced('router', 'embedded')(handler)(incoming, signal);
    const [created, processed, ...others] = spans();
    expect(others).toEqual([]);
    expect(created).toMatchObject({ name: 'create draft.requested', kind: SpanKind.PRODUCER });
    expect(created?.parentSpanContext?.spanId).toBe(processed?.spanContext().spanId);
    expect(created?.attributes).toEqual({
      'messaging.system': 'embedded',
      'messaging.operation.name': 'create',
      'messaging.operation.type': 'create',
      'messaging.destination.name': 'draft.requested',
      'messaging.message.id': outputs[0]?.id,
      'messaging.message.conversation_id': 'c1',
      'spillway.message.id': 'c1',
    });
    expect(outputs.map(({ headers }) => headers)).toEqual([
      { extra: '1', traceparent: `00-${TRACE_ID}-${created?.spanContext().spanId}-01`, tracestate: 'v=1' },
      own,
    ]);
  });

  it('runs the handler in its span', async () => {
    const active: (string | undefined)[] = [];
    const handle = traced(
      'router',
      'embedded',
    )(async () => {
      await Promise.resolve();
      active.push(trace.getSpanContext(context.active())?.spanId);
      return [];
    });
    await handle(incoming, signal);
    expect(active).toEqual([spans()[0]?.spanContext().spanId]);
  });

  it('starts a trace where the record carries none', async () => {
    const [output] = await traced('router', 'embedded')(handler)(record(), signal);
    expect(spans().at(-1)).toMatchObject({ parentSpanContext: undefined, links: [] });
    expect(output?.headers['traceparent']).toContain(spans()[0]?.spanContext().traceId);
  });

  it.each<[string, RecordHandler]>([
    ['comes out', () => Promise.reject(new TypeError('my card'))],
    [
      'is noted inside',
      async () => {
        noteFault(Fault.from(new TypeError('my card')));
        return [];
      },
    ],
  ])('records an error that %s, without its words', async (_, failing) => {
    await traced('router', 'embedded')(failing)(incoming, signal).catch(() => []);
    const [span] = spans();
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'TypeError' });
    expect(span?.attributes['error.type']).toBe('unknown');
    expect(span?.events.map(({ name }) => name)).toEqual(['exception']);
    expect(JSON.stringify([span?.events, span?.attributes])).not.toContain('my card');
  });
});

describe('trace, not recorded', () => {
  beforeEach(() => {
    stop = startTracing();
  });

  it('passes the incoming trace on', async () => {
    const outputs = await traced('router', 'embedded')(handler)(incoming, signal);
    expect(outputs.map(({ headers }) => headers)).toEqual([{ extra: '1', ...incoming.headers }, own]);
  });

  it('leaves outputs as they are where there is no trace', async () => {
    const outputs = await traced('router', 'embedded')(handler)(record(), signal);
    expect(outputs.map(({ headers }) => headers)).toEqual([{ extra: '1' }, own]);
  });

  it('runs the handler in the incoming trace', async () => {
    const active: (string | undefined)[] = [];
    await traced(
      'router',
      'embedded',
    )(async () => {
      await Promise.resolve();
      active.push(trace.getSpanContext(context.active())?.traceId);
      return [];
    })(incoming, signal);
    expect(active).toEqual([TRACE_ID]);
  });
});
