import { context, defaultTextMapGetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from 'vitest';
import { recordTo } from './span-recording.js';
import { contextOf, headersOf, startTracing, traceIdOf, tracer } from './tracing.js';

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
});

describe('tracing', () => {
  it('makes trace ids where nothing is exported, and records nothing', () => {
    stop = startTracing();
    const span = tracer('gateway').startSpan('POST /v1/messages');
    expect(span.isRecording()).toBe(false);
    expect(span.spanContext().traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  });

  it('gives a root the second half of its trace id, so that a trace alone leads to its root', () => {
    stop = startTracing();
    const { traceId, spanId } = tracer('gateway').startSpan('root').spanContext();
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(traceId.slice(16)).toBe(spanId);
  });

  it('carries one trace through headers into another service', () => {
    const exporter = new InMemorySpanExporter();
    stop = startTracing(recordTo(new SimpleSpanProcessor({ exporter })));
    const first = tracer('gateway').startSpan('send');
    const headers = headersOf(trace.setSpan(ROOT_CONTEXT, first));
    const second = tracer('classifier').startSpan('process', {}, contextOf(headers));
    second.end();
    first.end();
    const [processed, sent] = exporter.getFinishedSpans();
    expect(processed?.spanContext().traceId).toBe(sent?.spanContext().traceId);
    expect(processed?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId);
    expect(processed?.resource.attributes['service.name']).toBe('spillway-classifier');
  });

  it.each([
    ['no header', {}],
    ['a broken header', { traceparent: 'nonsense' }],
    ['an all-zero trace', { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` }],
  ])('starts a fresh trace from %s', (_, headers) => {
    stop = startTracing();
    expect(traceIdOf(contextOf(headers))).toBe('');
  });

  const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
  it.each([
    ['a sampled trace', `00-${traceId}-${spanId}-01`],
    ['a trace that is not sampled', `00-${traceId}-${spanId}-00`],
    ['a later version, which may say more', `01-${traceId}-${spanId}-01-more`],
    ['more than this version says', `00-${traceId}-${spanId}-01-more`],
    ['a version that there is not', `ff-${traceId}-${spanId}-01`],
    ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['no flags', `00-${traceId}-${spanId}`],
  ])('reads a header as the SDK does: %s', (_, traceparent) => {
    const headers = { traceparent, tracestate: 'vendor=1, other=2' };
    const read = new W3CTraceContextPropagator().extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    expect(headersOf(contextOf(headers))).toEqual(headersOf(read));
    expect(trace.getSpanContext(contextOf(headers))?.isRemote).toBe(trace.getSpanContext(read)?.isRemote);
  });

  it('goes on with a trace where nothing is recorded, and with what others say in it', () => {
    stop = startTracing();
    const headers = { traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'vendor=1' };
    const span = tracer().startSpan('process', {}, contextOf(headers));
    const onwards = headersOf(trace.setSpan(ROOT_CONTEXT, span));
    expect(onwards).toEqual({
      traceparent: `00-${traceId}-${span.spanContext().spanId}-00`,
      tracestate: 'vendor=1',
    });
    expect(span.spanContext().spanId).not.toBe(spanId);
  });

  it('keeps the context across awaits', async () => {
    stop = startTracing();
    const span = tracer().startSpan('outer');
    await context.with(trace.setSpan(ROOT_CONTEXT, span), async () => {
      await Promise.resolve();
      expect(traceIdOf(context.active())).toBe(span.spanContext().traceId);
    });
  });
});
