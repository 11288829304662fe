import { ForbiddenException, UnauthorizedException } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ApiKey, callerOf, LOCAL } from './api-keys.js';
import { refusalOf } from './origin.js';
import './request.js';

/** Answers of the API hold a customer's words: no page may frame, sniff or cache them. */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const open = /^\/(?:livez|readyz|openapi\.json|docs(?:\/.*)?)?$/;

/**
 * Lets in who may come in: the holders of a key; on a server without keys whoever is on this machine. Health, the API
 * description and its page are open to all who reach the server.
 */
export function admitRequests(http: FastifyInstance, keys: readonly ApiKey[]): void {
  const localOnly = keys.length === 0;
  http.decorateRequest('caller', null);
  http.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    const refusal = refusalOf(senderOf(request), localOnly);
    if (refusal !== undefined) {
      done(new ForbiddenException(refusal));
      return;
    }
    request.caller = localOnly ? LOCAL : (callerOf(keys, request.headers.authorization) ?? null);
    done(request.caller === null && !isOpen(request) ? unauthenticated(reply) : undefined);
  });
}

const senderOf = ({ method, headers }: FastifyRequest) => ({
  method,
  host: headers.host,
  origin: headers.origin,
  site: typeof headers['sec-fetch-site'] === 'string' ? headers['sec-fetch-site'] : undefined,
});

const isOpen = (request: FastifyRequest): boolean =>
  request.method === 'GET' || request.method === 'HEAD' ? open.test(request.routeOptions.url ?? '-') : false;

function unauthenticated(reply: FastifyReply): UnauthorizedException {
  reply.header('www-authenticate', 'Bearer');
  return new UnauthorizedException('this call needs an API key: Authorization: Bearer <key>');
}
