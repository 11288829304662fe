import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Fault } from '@spillway/contracts/fault';
import { createLogger, type Logger } from '@spillway/telemetry/logger';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { admitRequests, SECURITY_HEADERS } from './admission.js';
import { checkHost, readApiKeys } from './api-keys.js';
import { BODY_LIMIT, readBodies } from './bodies.js';
import { healthOperations, type Readiness, serveHealth } from './health.js';
import { bodiesOf, type Operation, openApiDocument, requireSame } from './openapi.js';
import { answerProblem, LONGEST_PART, ProblemFilter } from './problem.filter.js';
import { observeRequests, observeUnreadable } from './request-hooks.js';
import type { Route } from './routes.js';

export interface ServeHttpOptions {
  /** Modules whose controllers make up the API. */
  readonly modules: readonly (DynamicModule | Type)[];
  /** Description of every route of those modules. */
  readonly operations: readonly Operation[];
  /** Address to listen on. Without keys it must be loopback. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Each `secret` or `name:secret`. Empty: no keys. */
  readonly apiKeys: readonly string[];
  readonly readiness: Readiness;
  /** Name that spans and log lines carry. */
  readonly service: string;
  /** Version of the API description. */
  readonly version: string;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /**
   * Takes no new requests, ends the streams, answers what is being answered, and stops. Whoever has not read or sent
   * everything after `timeoutMs` (default 5 s) is cut off.
   */
  close(timeoutMs?: number): Promise<void>;
}

class HttpModule {}

/**
 * Starts the one HTTP server of a process. Throws `misconfigured` when it may not listen there, cannot, or serves
 * other calls than it describes.
 */
export async function serveHttp(options: ServeHttpOptions): Promise<HttpServer> {
  const keys = readApiKeys(options.apiKeys);
  checkHost(options);
  const log = createLogger(options.service);
  const routes: Route[] = [];
  const operations = [...options.operations, ...healthOperations];
  const adapter = adapterFor(log, routes, { ...options, operations });
  const http = adapter.getInstance() as unknown as FastifyInstance;
  observeRequests(http, options.service);
  admitRequests(http, keys);
  readBodies(http, routes);
  const app = await NestFactory.create<NestFastifyApplication>(
    { module: HttpModule, imports: [...options.modules] },
    adapter,
    { logger: false, abortOnError: false, bodyParser: false },
  );
  app.useGlobalFilters(new ProblemFilter(log, routes));
  await app.init();
  // After the controllers, because a route takes the error handler that is set when it is made.
  serveHealth(http, options.readiness);
  if (options.modules.length > 0) {
    // Without an API there is nothing to describe, and nothing to load for it.
    const { serveDocs } = await import('./docs.js');
    await serveDocs(http, openApiDocument(operations, options.version));
  }
  requireSame(
    routes.filter(({ path }) => !isDocsPath(path)),
    operations,
  );
  await listen(app, options);
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    url: `http://${urlHost(options.host)}:${port}`,
    port,
    close: (timeoutMs = 5_000) => close(app, timeoutMs),
  };
}

/** Whether a path belongs to the description itself, which does not describe its own pages. */
const isDocsPath = (path: string): boolean =>
  path === '/' || path === '/openapi.json' || path.startsWith('/docs');

function adapterFor(
  log: Logger,
  routes: Route[],
  { service, operations }: Pick<ServeHttpOptions, 'service' | 'operations'>,
): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    // Nobody needs longer to send a request; whoever does holds a connection.
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    // No middleware of Nest's is used: all of it is Fastify hooks, which cost less.
    skipMiddie: true,
    // Bodies are read and checked here, and answers are plain JSON: Fastify need not load its compilers of schemas.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    routerOptions: { maxParamLength: LONGEST_PART },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      reply.headers(SECURITY_HEADERS);
      observeUnreadable(request, reply, service, () => answerProblem(error, request, reply, log, routes));
    },
  });
  adapter.getInstance().addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) {
      const call = { method: each, path: url };
      routes.push({ ...call, bodies: bodiesOf(operations, call) });
    }
  });
  return adapter;
}

const noSchemas = () => (): never => {
  throw new Error('a route has a schema for Fastify: describe it as an operation');
};

async function listen(app: NestFastifyApplication, { host, port }: ServeHttpOptions): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (cause) {
    await app.close();
    const taken = (cause as { code?: string }).code === 'EADDRINUSE';
    const message = taken ? `port ${port} is taken` : `cannot listen on ${host}:${port}`;
    throw new Fault('misconfigured', message, { cause, problems: [{ where: 'SPILLWAY_PORT', message }] });
  }
}

async function close(app: NestFastifyApplication, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => app.getHttpServer().closeAllConnections(), timeoutMs);
  await app.close();
  clearTimeout(timer);
}

const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);
