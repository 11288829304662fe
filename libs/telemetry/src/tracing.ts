import {
  type Context,
  context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';

/** All of a tracer that is used here. */
export type SpanMaker = Pick<Tracer, 'startSpan'>;

/** Where spans are recorded. */
export interface Recording {
  /** The tracer of one service. */
  tracer(service: string): SpanMaker;
  /** Hands on what is left, and stops. */
  shutdown(): Promise<void>;
}

let recording: Recording | undefined;
let tracers = new Map<string, SpanMaker>();

/**
 * Starts tracing for this process; call once, first. Returns the function that exports what is left, for at most three
 * seconds, and stops it.
 *
 * Every message gets a trace id even where nothing is recorded, so that an answer, a log line and a decision can be
 * matched. The SDK is for recording alone, and loaded with it.
 */
export function startTracing(to?: Recording): () => Promise<void> {
  recording = to;
  tracers = new Map();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return async () => {
    await recording?.shutdown();
    recording = undefined;
    tracers = new Map();
    context.disable();
  };
}

/**
 * The tracer of one service. Each service has a resource of its own, also where all of them share a process, so that
 * a trace reads the same in both ways of running.
 */
export function tracer(service = 'spillway'): SpanMaker {
  if (recording === undefined) return unrecorded;
  const found = tracers.get(service) ?? recording.tracer(service);
  tracers.set(service, found);
  return found;
}

/** Makes spans that have ids and keep nothing, with the ids that recorded ones have. */
const unrecorded: SpanMaker = {
  startSpan(_name: string, options: SpanOptions = {}, active: Context = context.active()) {
    const parent = options.root ? undefined : trace.getSpanContext(active);
    const spanId = randomSpanId();
    const { traceId, traceState } =
      parent !== undefined && isSpanContextValid(parent)
        ? parent
        : { traceId: rootTraceId(spanId), traceState: undefined };
    const state = traceState === undefined ? {} : { traceState };
    return trace.wrapSpanContext({ traceId, spanId, traceFlags: TraceFlags.NONE, ...state });
  },
};

/** 16 hexadecimal digits, never all zero. */
export function randomSpanId(): string {
  const half = (): string =>
    Math.floor(1 + Math.random() * (2 ** 32 - 1))
      .toString(16)
      .padStart(8, '0');
  return half() + half();
}

/**
 * The trace id of a root: its second half is the span's own. So whoever knows only a trace, from the ledger, can still go
 * on from its root.
 */
export const rootTraceId = (spanId: string): string => `${randomSpanId()}${spanId}`;

/** Whether spans are recorded: where not, attributes need not be computed. */
export const isRecording = (): boolean => recording !== undefined;

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

/** `version-trace-span-flags`; what comes after them only a later version may have. */
const TRACEPARENT =
  /^(?!ff)(?<version>[\da-f]{2})-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})(?<more>-.*)?$/;

/** The context that the headers carry, as W3C Trace Context has it; a fresh root where they carry none or a broken one. */
export function contextOf(headers: Readonly<Record<string, string>>): Context {
  const {
    version,
    traceId = '',
    spanId = '',
    flags = '',
    more,
  } = TRACEPARENT.exec(headers['traceparent'] ?? '')?.groups ?? {};
  const traceFlags = Number.parseInt(flags, 16);
  const remote: SpanContext = { traceId, spanId, traceFlags, isRemote: true };
  if (!isSpanContextValid(remote) || (version === '00' && more !== undefined)) return ROOT_CONTEXT;
  const state = headers['tracestate'];
  if (state !== undefined) remote.traceState = createTraceState(state);
  return trace.setSpanContext(ROOT_CONTEXT, remote);
}

/** Trace id of `active`, 32 hexadecimal digits; empty when there is no trace. */
export const traceIdOf = (active: Context): string => trace.getSpanContext(active)?.traceId ?? '';
