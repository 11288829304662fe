import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from 'vitest';
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
    stop = startTracing({ processor: new SimpleSpanProcessor({ exporter }) });
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

  it('keeps the context across awaits', async () => {
    stop = startTracing();
    const span = tracer().startSpan('outer');
    await context.with(trace.setSpan(ROOT_CONTEXT, span), async () => {
      await Promise.resolve();
      expect(traceIdOf(context.active())).toBe(span.spanContext().traceId);
    });
  });
});
