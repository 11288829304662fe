import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { histogram, SECONDS } from '@spillway/telemetry/metrics';
import {
  ERROR_TYPE,
  HTTP_METHOD,
  HTTP_REQUEST_SECONDS,
  HTTP_ROUTE,
  HTTP_STATUS,
  URL_PATH,
  URL_SCHEME,
} from '@spillway/telemetry/names';
import { contextOf, isRecording, tracer } from '@spillway/telemetry/tracing';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import './request.js';

/** Route of a request that fits none, so that made-up addresses do not make up metrics. */
const NO_ROUTE = 'none';

const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? NO_ROUTE;

/** Gives every request a server span, which the caller's `traceparent` may be the parent of, and takes its time. */
export function observeRequests(http: FastifyInstance, service: string): void {
  const seconds = secondsPerRoute();
  http.decorateRequest('trace', null);
  http.addHook('onRequest', (request, _reply, done) => {
    const parent = contextOf(traceHeadersOf(request));
    request.trace = trace.setSpan(parent, startSpan(request, service, parent));
    done();
  });
  // Only from here on: reading the body leaves the context that a hook before it would have entered.
  http.addHook('preHandler', (request, _reply, done) => {
    if (request.trace === null) done();
    else context.with(request.trace, done);
  });
  http.addHook('onResponse', (request, reply, done) => {
    const span = request.trace === null ? undefined : trace.getSpan(request.trace);
    if (span !== undefined) endSpan(span, reply.statusCode);
    // A stream lasts as long as someone listens: that is no time to answer.
    if (!String(reply.getHeader('content-type')).startsWith('text/event-stream')) {
      seconds(request.method, routeOf(request), reply.statusCode).observe(reply.elapsedTime / 1_000);
    }
    done();
  });
}

/**
 * Gives a server span to a request whose address cannot be read, which ends before any hook: `answer` sends the answer,
 * and finds the trace at the request.
 */
export function observeUnreadable(
  request: FastifyRequest,
  reply: FastifyReply,
  service: string,
  answer: () => void,
): void {
  const parent = contextOf(traceHeadersOf(request));
  const span = startSpan(request, service, parent);
  request.trace = trace.setSpan(parent, span);
  answer();
  endSpan(span, reply.statusCode);
}

function traceHeadersOf({ headers }: FastifyRequest): Record<string, string> {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string') return {};
  return typeof tracestate === 'string' ? { traceparent, tracestate } : { traceparent };
}

function startSpan(request: FastifyRequest, service: string, parent: ReturnType<typeof contextOf>): Span {
  const route = routeOf(request);
  const name = route === NO_ROUTE ? request.method : `${request.method} ${route}`;
  if (!isRecording()) return tracer(service).startSpan(name, { kind: SpanKind.SERVER }, parent);
  const attributes = {
    [HTTP_METHOD]: request.method,
    [URL_SCHEME]: request.protocol,
    // Of an address that is none of ours, nobody knows what is in it; and what is searched for may be a customer.
    ...(route === NO_ROUTE ? {} : { [HTTP_ROUTE]: route, [URL_PATH]: request.url.split('?', 1)[0] }),
  };
  return tracer(service).startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
}

function endSpan(span: Span, status: number): void {
  if (span.isRecording()) {
    span.setAttribute(HTTP_STATUS, status);
    if (status >= 500) {
      span.setAttribute(ERROR_TYPE, String(status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
  }
  span.end();
}

type Observer = { observe(seconds: number): void };

/** Checks and binds the labels once for each route and status; the client hashes them anew at each observation. */
function secondsPerRoute(): (method: string, route: string, status: number) => Observer {
  const metric = histogram(HTTP_REQUEST_SECONDS, ['method', 'route', 'status'], SECONDS);
  const series = new Map<string, Observer>();
  return (method, route, status) => {
    const key = `${status} ${method} ${route}`;
    let found = series.get(key);
    if (found === undefined) {
      found = metric.labels({ method, route, status: String(status) });
      series.set(key, found);
    }
    return found;
  };
}
