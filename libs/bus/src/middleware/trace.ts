import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { NO_HEADERS, type Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import {
  ERROR_TYPE,
  MESSAGE_ID,
  MESSAGING_CONVERSATION_ID,
  MESSAGING_DESTINATION,
  MESSAGING_GROUP,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OFFSET,
  MESSAGING_OPERATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_PARTITION,
  MESSAGING_SYSTEM,
} from '@spillway/telemetry/names';
import { contextOf, headersOf, isRecording, tracer } from '@spillway/telemetry/tracing';
import type { Bus, BusRecord, RecordHandler } from '../bus.js';
import { failedTraceparentOf } from '../retry-topic.js';
import { detailOf } from './fault-detail.js';
import { messageIdOf } from './message-id.js';
import type { Middleware } from './middleware.js';

/**
 * One CONSUMER span for each delivery, child of the span that made the event and linked to it, and to the attempt that
 * failed where it is tried again. The handler runs in its context, and every event that it returns is made by a PRODUCER span below it, whose context the event carries. Where
 * nothing is recorded the incoming trace is passed on as it is.
 */
export function traced(group: string, driver: Bus['driver']): Middleware {
  return (next) => (record, signal) => {
    if (!isRecording()) return passedOn(next, record, signal);
    const parent = contextOf(record.headers);
    const tracing = { parent, span: startSpan(record, parent, group, driver), group, driver };
    return recorded(tracing, next, record, signal);
  };
}

interface Tracing {
  readonly parent: Context;
  readonly span: Span;
  readonly group: string;
  readonly driver: Bus['driver'];
}

/** Notes on the active span that the handling of its event failed. */
export function noteFault(fault: Fault): void {
  const span = trace.getActiveSpan();
  if (span?.isRecording() !== true) return;
  span.recordException({ name: fault.code, message: detailOf(fault) });
  span.setAttribute(ERROR_TYPE, fault.code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: detailOf(fault) });
}

function passedOn(next: RecordHandler, record: BusRecord, signal: AbortSignal): Promise<readonly Outgoing[]> {
  const { traceparent, tracestate } = record.headers;
  const handled = context.with(new LaterContext(record.headers), next, undefined, record, signal);
  if (traceparent === undefined) return handled;
  const headers = tracestate === undefined ? { traceparent } : { traceparent, tracestate };
  return handled.then((outputs) => withHeaders(outputs, headers));
}

/** What `contextOf` gives, read once somebody asks: only log lines do, and most handlings write none. */
class LaterContext implements Context {
  readonly #headers: BusRecord['headers'];
  #read: Context | undefined;

  constructor(headers: BusRecord['headers']) {
    this.#headers = headers;
  }

  getValue(key: symbol): unknown {
    return this.#parent().getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#parent().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#parent().deleteValue(key);
  }

  #parent(): Context {
    this.#read ??= contextOf(this.#headers);
    return this.#read;
  }
}

async function recorded(
  { parent, span, group, driver }: Tracing,
  next: RecordHandler,
  record: BusRecord,
  signal: AbortSignal,
): Promise<readonly Outgoing[]> {
  const active = trace.setSpan(parent, span);
  try {
    const outputs = await context.with(active, next, undefined, record, signal);
    return outputs.map((output) =>
      'traceparent' in output.headers ? output : made(output, active, group, driver),
    );
  } catch (error) {
    context.with(active, noteFault, undefined, Fault.from(error));
    throw error;
  } finally {
    span.end();
  }
}

function startSpan(record: BusRecord, parent: Context, group: string, driver: Bus['driver']): Span {
  const attributes: Attributes = {
    [MESSAGING_SYSTEM]: driver,
    [MESSAGING_OPERATION_NAME]: 'process',
    [MESSAGING_OPERATION_TYPE]: 'process',
    [MESSAGING_DESTINATION]: record.topic,
    [MESSAGING_PARTITION]: String(record.partition),
    [MESSAGING_OFFSET]: record.offset,
    [MESSAGING_GROUP]: group,
    [MESSAGING_MESSAGE_ID]: record.id,
    [MESSAGING_CONVERSATION_ID]: record.key,
    [MESSAGE_ID]: messageIdOf(record),
  };
  return tracer(group).startSpan(
    `process ${record.topic}`,
    { kind: SpanKind.CONSUMER, attributes, links: linksOf(record, parent) },
    parent,
  );
}

/** To the span that made the event, and to the attempt before this one. */
function linksOf(record: BusRecord, parent: Context): Link[] {
  const traceparent = failedTraceparentOf(record);
  const failed = traceparent === undefined ? undefined : trace.getSpanContext(contextOf({ traceparent }));
  return [trace.getSpanContext(parent), failed].flatMap((span) =>
    span === undefined ? [] : { context: span },
  );
}

/** The event with the context of the span that made it. */
function made(event: Outgoing, active: Context, group: string, driver: Bus['driver']): Outgoing {
  const attributes: Attributes = {
    [MESSAGING_SYSTEM]: driver,
    [MESSAGING_OPERATION_NAME]: 'create',
    [MESSAGING_OPERATION_TYPE]: 'create',
    [MESSAGING_DESTINATION]: event.topic,
    [MESSAGING_MESSAGE_ID]: event.id,
    [MESSAGING_CONVERSATION_ID]: event.key,
    [MESSAGE_ID]: messageIdOf(event),
  };
  const span = tracer(group).startSpan(
    `create ${event.topic}`,
    { kind: SpanKind.PRODUCER, attributes },
    active,
  );
  span.end();
  return { ...event, headers: { ...event.headers, ...headersOf(trace.setSpan(active, span)) } };
}

const withHeaders = (
  outputs: readonly Outgoing[],
  headers: Readonly<Record<string, string>>,
): readonly Outgoing[] =>
  outputs.map((output) => {
    if (output.headers === NO_HEADERS) return { ...output, headers };
    return 'traceparent' in output.headers
      ? output
      : { ...output, headers: { ...output.headers, ...headers } };
  });
