import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  type IdGenerator,
  RandomIdGenerator,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

export interface TracingOptions {
  /** Takes spans, such as `exportTo` does. Without one nothing is recorded, and trace ids are still made. */
  readonly processor?: SpanProcessor | undefined;
}

let processor: SpanProcessor | undefined;
let tracers = new Map<string, Tracer>();

/**
 * Starts tracing for this process; call once, first. Returns the function that exports what is left, for at most three
 * seconds, and stops it.
 *
 * Every message gets a trace id even where nothing is exported, so that an answer, a log line and a decision can be
 * matched.
 */
export function startTracing(options: TracingOptions = {}): () => Promise<void> {
  processor = options.processor;
  tracers = new Map();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return async () => {
    await processor?.shutdown();
    processor = undefined;
    tracers = new Map();
    context.disable();
    propagation.disable();
  };
}

/**
 * A root has the second half of its trace's id for its own: so whoever knows only a trace, from the ledger, can still go
 * on from its root. The SDK makes the id of a span before that of its trace.
 */
function rootedIds(): IdGenerator {
  const random = new RandomIdGenerator();
  let spanId = '';
  return {
    generateSpanId() {
      spanId = random.generateSpanId();
      return spanId;
    },
    generateTraceId: () => `${random.generateSpanId()}${spanId}`,
  };
}

/**
 * The tracer of one service. Each service has a resource of its own, also where all of them share a process, so that
 * a trace reads the same in both ways of running.
 */
export function tracer(service = 'spillway'): Tracer {
  let found = tracers.get(service);
  if (found === undefined) {
    const resource = defaultResource().merge(
      resourceFromAttributes({
        'service.name': service === 'spillway' ? service : `spillway-${service}`,
        'service.namespace': 'spillway',
      }),
    );
    const provider = new TracerProvider({
      resource,
      idGenerator: rootedIds(),
      ...(processor === undefined ? { sampler: new AlwaysOffSampler() } : { spanProcessors: [processor] }),
    });
    found = provider.getTracer('spillway');
    tracers.set(service, found);
  }
  return found;
}

/** Whether spans are recorded: where not, attributes need not be computed. */
export const isRecording = (): boolean => processor !== undefined;

const getter: TextMapGetter<Readonly<Record<string, string>>> = {
  get: (headers, name) => headers[name],
  keys: (headers) => Object.keys(headers),
};

/** The W3C trace context of `active` as event or HTTP headers (`traceparent`, `tracestate`). */
export function headersOf(active: Context): Record<string, string> {
  const span = trace.getSpanContext(active);
  if (span === undefined) return {};
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  const headers: Record<string, string> = { traceparent: `00-${span.traceId}-${span.spanId}-${flags}` };
  const state = span.traceState?.serialize();
  if (state !== undefined && state !== '') headers['tracestate'] = state;
  return headers;
}

/** The context that the headers carry; a fresh root where they carry none or a broken one. */
export function contextOf(headers: Readonly<Record<string, string>>): Context {
  return headers['traceparent'] === undefined
    ? ROOT_CONTEXT
    : propagation.extract(ROOT_CONTEXT, headers, getter);
}

/** Trace id of `active`, 32 hexadecimal digits; empty when there is no trace. */
export const traceIdOf = (active: Context): string => trace.getSpanContext(active)?.traceId ?? '';
