import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { type IdGenerator, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type Recording, randomSpanId, rootTraceId } from './tracing.js';

/** Records spans, and hands them to the processor. */
export function recordTo(processor: SpanProcessor): Recording {
  return {
    tracer(service) {
      const resource = defaultResource().merge(
        resourceFromAttributes({
          'service.name': service === 'spillway' ? service : `spillway-${service}`,
          'service.namespace': 'spillway',
        }),
      );
      const provider = new TracerProvider({
        resource,
        idGenerator: rootedIds(),
        spanProcessors: [processor],
      });
      return provider.getTracer('spillway');
    },
    shutdown: () => processor.shutdown(),
  };
}

/** The SDK makes the id of a span before that of its trace. */
function rootedIds(): IdGenerator {
  let spanId = '';
  return {
    generateSpanId() {
      spanId = randomSpanId();
      return spanId;
    },
    generateTraceId: () => rootTraceId(spanId),
  };
}
