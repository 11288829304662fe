import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import { Fault } from '@spillway/contracts/fault';
import type { Logger } from '@spillway/telemetry/logger';
import { traceIdOf } from '@spillway/telemetry/tracing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tooLargeBody, unreadableBody } from './bodies.js';
import { codeOfStatus, type ProblemDetails, problem, problemOfFault, retryAfterSeconds } from './problem.js';
import { methodsAt, type Route } from './routes.js';

/** Characters that a part of an address may have. */
export const LONGEST_PART = 512;

/** Turns whatever was thrown on the way of a request into problem details. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Logger,
    private readonly routes: readonly Route[],
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    answerProblem(thrown, http.getRequest(), http.getResponse(), this.log, this.routes);
  }
}

/** Answers with the problem that was thrown. What nobody foresaw is logged, and the caller learns its trace id only. */
export function answerProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
  routes: readonly Route[],
): void {
  const active = request.trace ?? context.active();
  const details = detailsOf(thrown, request, reply, routes, traceIdOf(active));
  if (details.status >= 500) {
    const at = { method: request.method, route: request.routeOptions.url, code: details.code, err: thrown };
    context.with(active, () => log[details.code === 'unknown' ? 'error' : 'warn'](at, 'request failed'));
  }
  const body = Buffer.from(JSON.stringify(details));
  reply.status(details.status).header('content-type', 'application/problem+json').send(body);
}

function detailsOf(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  routes: readonly Route[],
  traceId: string,
): ProblemDetails {
  const status = statusOf(thrown);
  if (status === undefined) {
    const fault = Fault.from(thrown);
    const seconds = retryAfterSeconds(fault);
    if (seconds !== undefined) reply.header('retry-after', seconds);
    return problemOfFault(fault, traceId);
  }
  if (status === 404) return nothingThere(request, reply, routes, traceId);
  if (status === 413) return tooLargeBody(request, traceId);
  if (status === 415) return unreadableBody(request, routes, traceId);
  const code = codeOfStatus(status);
  return problem(code, code === 'unknown' ? 'something went wrong here' : detailOf(thrown as Error), traceId);
}

/** The framework repeats an address that it cannot read; whatever stands in it is nobody's business. */
const addresses: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL:
    'the address cannot be decoded: each % must begin an escape of UTF-8, and a % itself is written %25',
  FST_ERR_MAX_PARAM_LENGTH: `a part of the address has more than ${LONGEST_PART} characters`,
};

const detailOf = (thrown: Error): string =>
  ('code' in thrown ? addresses[String(thrown.code)] : undefined) ?? thrown.message;

/** Status of what the framework itself throws. */
function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (thrown instanceof Error && thrown.name === 'FastifyError' && 'statusCode' in thrown) {
    return Number(thrown.statusCode);
  }
  return undefined;
}

function nothingThere(
  request: FastifyRequest,
  reply: FastifyReply,
  routes: readonly Route[],
  traceId: string,
): ProblemDetails {
  const methods = methodsAt(routes, request.url.replace(/[?#].*$/s, ''));
  if (methods.length === 0) return problem('missing', 'there is nothing at this address', traceId);
  reply.header('allow', methods.join(', '));
  return problem('method_not_allowed', `this address takes ${methods.join(' and ')}`, traceId);
}
