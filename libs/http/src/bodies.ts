import { UnsupportedMediaTypeException } from '@nestjs/common';
import { Fault } from '@spillway/contracts/fault';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ProblemDetails, problem } from './problem.js';
import { type Route, routeAt } from './routes.js';

/** Bytes of a JSON body. A message's text may have 256 KiB; JSON escapes and the other fields come on top. */
export const BODY_LIMIT = 1_048_576;
/** Bytes of a body of many lines. */
export const LINES_LIMIT = 4 * BODY_LIMIT;

/** Content type of one JSON value per line; such a body reaches the controller as a Buffer. */
export const JSON_LINES = 'application/x-ndjson';

const strict = new TextDecoder('utf-8', { fatal: true });

/** Reads what a route takes, JSON or lines of it: other content types are answered with 415. */
export function readBodies(http: FastifyInstance, routes: readonly Route[]): void {
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJson(body as Buffer));
    } catch (error) {
      done(Fault.from(error));
    }
  });
  http.addContentTypeParser(
    JSON_LINES,
    { parseAs: 'buffer', bodyLimit: LINES_LIMIT },
    (request, body, done) => {
      // Elsewhere a controller would take the bytes for fields of an object.
      done(bodiesAt(routes, request).includes(JSON_LINES) ? null : new UnsupportedMediaTypeException(), body);
    },
  );
}

const bodiesAt = (routes: readonly Route[], request: FastifyRequest): readonly string[] =>
  routeAt(routes, request.method, request.routeOptions.url)?.bodies ?? [];

/** Problem details of a body whose content type is not taken: which are. */
export function unreadableBody(
  request: FastifyRequest,
  routes: readonly Route[],
  traceId: string,
): ProblemDetails {
  const taken = bodiesAt(routes, request).join(' or ');
  const message = taken === '' ? 'must be left out: this call takes no body' : `must be ${taken}`;
  return problem('unsupported_media_type', `the content type of the body ${message}`, traceId, [
    { where: 'header Content-Type', message },
  ]);
}

/** Problem details of a body that was not read to its end: how long it may be. */
export function tooLargeBody({ headers }: FastifyRequest, traceId: string): ProblemDetails {
  const lines = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() === JSON_LINES;
  const message = `may have at most ${lines ? LINES_LIMIT : BODY_LIMIT} bytes`;
  return problem('too_large', `the body ${message}`, traceId, [{ where: '', message }]);
}

/** Parses JSON. Throws `malformed` for what is no JSON or no UTF-8; the fault holds none of it. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(strict.decode(bytes));
  } catch {
    // The parser's own message quotes what a customer wrote.
    throw new Fault('malformed', 'the body is not JSON in UTF-8', {
      problems: [{ where: '', message: 'is not JSON in UTF-8' }],
    });
  }
}
