import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { configureLogs } from '@spillway/telemetry/logger';
import { startTracing, traceIdOf } from '@spillway/telemetry/tracing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Caller } from './api-keys.js';
import { JSON_LINES } from './bodies.js';
import { CallerOf } from './caller.js';
import { checkBody } from './check.js';
import type { Operation } from './openapi.js';
import { problemSchema } from './problem.js';
import { type HttpServer, type ServeHttpOptions, serveHttp } from './serve.js';

const noteSchema = z.strictObject({ text: z.string() });
const answer = { status: 200, description: 'done', content: { 'application/json': z.unknown() } };
const operations: readonly Operation[] = [
  {
    id: 'write',
    method: 'POST',
    path: '/notes',
    summary: 'w',
    body: { 'application/json': noteSchema },
    answer,
  },
  { id: 'read', method: 'GET', path: '/notes/{id}', summary: 'r', answer, problems: ['missing'] },
];

class NotesController {
  write(body: unknown, caller: Caller): object {
    return { ...checkBody(noteSchema, body), by: caller.name, trace_id: traceIdOf(context.active()) };
  }

  read(id: string): object {
    if (id === 'broken') throw new TypeError('the secret is out');
    if (id === 'busy') throw new Fault('unavailable', 'the log is full', { retryAfterMs: 2_500 });
    throw new Fault('missing', `there is no note ${id}`);
  }
}

// Specs are compiled without the decorator syntax; this is what it stands for.
const notes = NotesController.prototype;
const decorate = (name: 'write' | 'read', decorator: MethodDecorator): unknown =>
  decorator(notes, name, Object.getOwnPropertyDescriptor(notes, name) ?? {});
Controller()(NotesController);
decorate('write', Post('/notes'));
Body()(notes, 'write', 0);
CallerOf()(notes, 'write', 1);
decorate('read', Get('/notes/:id'));
Param('id')(notes, 'read', 0);

class NotesModule {}
const lines: string[] = [];
let server: HttpServer;
let stopTracing: () => Promise<void>;
let problems: readonly Problem[] = [];

const start = (options: Partial<ServeHttpOptions> = {}): Promise<HttpServer> =>
  serveHttp({
    modules: [{ module: NotesModule, controllers: [NotesController] }],
    operations,
    host: '127.0.0.1',
    port: 0,
    apiKeys: [],
    readiness: async () => problems,
    service: 'gateway',
    version: '0.1.0',
    ...options,
  });

const post = (
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${server.url}/notes`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });

/** Expects problem details of this status, and returns them. */
async function problemOf(response: Response, status: number): Promise<z.infer<typeof problemSchema>> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return problemSchema.parse(await response.json());
}

/** A request with headers that `fetch` does not let anyone set. */
function raw(path: string, headers: Record<string, string>, method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest(`${server.url}${path}`, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

beforeEach(async () => {
  lines.length = 0;
  problems = [];
  configureLogs({ destination: { write: (line) => lines.push(line) } });
  stopTracing = startTracing();
  server = await start();
});
afterEach(async () => {
  await server.close();
  await stopTracing();
});

describe('an answer', () => {
  it('carries the trace that the caller began, also after the body was read', async () => {
    const trace = 'a'.repeat(32);
    const response = await post('{"text":"x"}', { traceparent: `00-${trace}-${'b'.repeat(16)}-01` });
    expect(await response.json()).toEqual({ text: 'x', by: 'local', trace_id: trace });
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['every fault of a body', () => post('{"q":1}'), 400, 'malformed'],
    ['what is no JSON', () => post('{"text":'), 400, 'malformed'],
    ['what is no UTF-8', () => post(Buffer.from('{"text":"\xff"}', 'latin1')), 400, 'malformed'],
    ['no body', () => post(''), 400, 'malformed'],
    [
      'another content type',
      () => post('<a/>', { 'content-type': 'text/xml' }),
      415,
      'unsupported_media_type',
    ],
    ['a body too large', () => post(`"${'x'.repeat(1_048_576)}"`), 413, 'too_large'],
    ['an unknown thing', () => fetch(`${server.url}/notes/7`), 404, 'missing'],
    ['an unknown address', () => fetch(`${server.url}/note`), 404, 'missing'],
    ['a method that is not taken', () => fetch(`${server.url}/notes`), 405, 'method_not_allowed'],
    ['an address that cannot be decoded', () => fetch(`${server.url}/notes/%zz`), 400, 'malformed'],
    ['an endless address', () => fetch(`${server.url}/notes/${'x'.repeat(600)}`), 400, 'malformed'],
    ['what is out of order', () => fetch(`${server.url}/notes/busy`), 503, 'unavailable'],
    ['a defect', () => fetch(`${server.url}/notes/broken`), 500, 'unknown'],
  ])('to %s is a problem', async (_, call, status, code) => {
    expect(await problemOf(await call(), status)).toMatchObject({ code });
  });

  it.each([
    ['a type that is not taken', { 'content-type': 'text/xml' }, '<a/>', 415, 'must be application/json'],
    ['lines where none are taken', { 'content-type': JSON_LINES }, '{}', 415, 'must be application/json'],
    ['a type that is none', { 'content-type': 'json' }, '{}', 415, 'must be application/json'],
    ['no type', { 'content-type': '' }, '{}', 415, 'must be application/json'],
    ['a body too large', {}, `"${'x'.repeat(1_048_576)}"`, 413, 'may have at most 1048576 bytes'],
  ])('to %s says what is taken', async (_, headers, body, status, message) => {
    const place = status === 415 ? { header: 'Content-Type' } : { pointer: '' };
    const details = await problemOf(await post(Buffer.from(body), headers), status);
    expect(details).toMatchObject({
      detail: expect.stringContaining(message),
      errors: [{ ...place, message }],
    });
  });

  it.each([
    ['cannot be decoded', '/notes/%zz', 'a % itself is written %25'],
    ['is cut off in the middle of a letter', '/notes/%E0%A4%A', 'a % itself is written %25'],
    ['has no end', `/notes/${'x'.repeat(600)}`, 'more than 512 characters'],
  ])('to an address that %s has a trace, and none of the address', async (_, path, detail) => {
    const trace = 'a'.repeat(32);
    const traced = { headers: { traceparent: `00-${trace}-${'b'.repeat(16)}-01` } };
    const response = await fetch(`${server.url}${path}`, traced);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const details = await problemOf(response, 400);
    expect(details).toMatchObject({ code: 'malformed', trace_id: trace });
    expect(details.detail).toContain(detail);
    expect(details.detail).not.toContain(path);
    expect((await problemOf(await fetch(`${server.url}${path}`), 400)).trace_id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('names all faults of a body and the trace', async () => {
    const details = await problemOf(await post('{"q":1}'), 400);
    expect(details.errors?.map(({ pointer }) => pointer)).toEqual(['/text', '/q']);
    expect(details.trace_id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('tells when to come again, and which methods there are', async () => {
    expect((await fetch(`${server.url}/notes/busy`)).headers.get('retry-after')).toBe('3');
    expect((await fetch(`${server.url}/notes`)).headers.get('allow')).toBe('POST');
  });

  it('to a defect shows nothing of it; the log has it with the trace id', async () => {
    const details = await problemOf(await fetch(`${server.url}/notes/broken`), 500);
    expect(JSON.stringify(details)).not.toMatch(/secret|\bat\b.*\.ts/);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'error',
        trace_id: details.trace_id,
        route: '/notes/:id',
        err: expect.objectContaining({ message: 'the secret is out' }),
      }),
    ]);
  });
});

describe('for operators', () => {
  it('is live, and ready as long as nothing is wrong', async () => {
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    problems = [{ where: 'bus', message: 'not connected' }];
    const details = await problemOf(await fetch(`${server.url}/readyz`), 503);
    expect(details.errors).toEqual([{ where: 'bus', message: 'not connected' }]);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  });

  it('measures requests by route, never by address', async () => {
    await fetch(`${server.url}/notes/7`);
    await fetch(`${server.url}/made-up/7`);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain(
      'spillway_http_request_seconds_count{method="GET",route="/notes/:id",status="404"}',
    );
    expect(metrics).toContain('route="none"');
    expect(metrics).not.toContain('made-up');
  });

  it('shows its description without a network', async () => {
    const page = await fetch(`${server.url}/`);
    expect(page.url).toBe(`${server.url}/docs`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const html = await page.text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, link = '']) => new URL(link, page.url).href,
    );
    expect(links.filter((link) => !link.startsWith(`${server.url}/docs/`))).toEqual([]);
    expect(html).not.toMatch(/<script>|<style|\son\w+=/);
    for (const link of links)
      expect((await (await fetch(link)).arrayBuffer()).byteLength, link).toBeGreaterThan(0);
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: object };
    expect(document).toEqual(await (await fetch(`${server.url}/docs/json`)).json());
    expect(Object.keys(document.paths)).toEqual(['/notes', '/notes/{id}', '/livez', '/readyz', '/metrics']);
  });
});

describe('a process without an API', () => {
  it.each([
    ['/livez', 200],
    ['/metrics', 200],
    ['/openapi.json', 404],
    ['/docs', 404],
  ])('answers %s with %i: it has nothing to describe', async (path, status) => {
    const worker = await start({ modules: [], operations: [] });
    const response = await fetch(`${worker.url}${path}`);
    await worker.close();
    expect(response.status).toBe(status);
  });
});

describe('without keys', () => {
  it.each(['0.0.0.0', '::', '10.0.0.1'])('does not listen on %s', async (host) => {
    await expect(start({ host })).rejects.toMatchObject({
      code: 'misconfigured',
      problems: [{ where: 'SPILLWAY_API_KEYS' }],
    });
  });

  it('answers nobody who came by another name, and takes no writes from other sites', async () => {
    expect(await raw('/livez', { host: 'evil.example' })).toBe(403);
    expect(await raw('/livez', { host: 'localhost:1' })).toBe(200);
    expect(await raw('/notes', { 'sec-fetch-site': 'cross-site' }, 'POST')).toBe(403);
    expect(await raw('/notes', { origin: 'https://evil.example' }, 'POST')).toBe(403);
  });
});

describe('with keys', () => {
  beforeEach(async () => {
    await server.close();
    server = await start({ apiKeys: ['helpdesk:open-sesame'], host: '0.0.0.0' });
    server = { ...server, url: `http://127.0.0.1:${server.port}` };
  });

  it('knows the caller by the key', async () => {
    const response = await post('{"text":"x"}', { authorization: 'Bearer open-sesame' });
    expect(await response.json()).toMatchObject({ by: 'helpdesk' });
  });

  it.each(['/notes/7', '/metrics', '/made-up', '/docs/../metrics'])(
    'keeps %s to their holders',
    async (path) => {
      expect(await raw(path, {})).toBe(401);
      expect(await raw(path, { authorization: 'Bearer wrong' })).toBe(401);
    },
  );

  it('does not read the body of a stranger', async () => {
    const response = await post('{"text":', {});
    expect((await problemOf(response, 401)).code).toBe('unauthenticated');
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each(['/livez', '/readyz', '/openapi.json', '/docs'])('leaves %s open', async (path) => {
    expect(await raw(path, { host: 'spillway.example' })).toBe(200);
  });
});

it('does not wait for who never sends the rest', async () => {
  const socket = connect(server.port, '127.0.0.1');
  const gone = once(socket, 'close');
  socket.write('POST /notes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n');
  socket.write('Content-Length: 99\r\nExpect: 100-continue\r\n\r\n{"text":');
  // The server says "100 Continue": from here on it waits for the body.
  await once(socket, 'data');
  socket.on('error', () => undefined);
  await server.close(10);
  await gone;
});

it('does not start on a port that is taken', async () => {
  await expect(start({ port: server.port })).rejects.toMatchObject({
    code: 'misconfigured',
    problems: [{ where: 'SPILLWAY_PORT', message: `port ${server.port} is taken` }],
  });
});

it('does not start when routes and description differ', async () => {
  const [write] = operations;
  const other: Operation = { ...(write as Operation), path: '/other' };
  await expect(start({ operations: [write as Operation, other] })).rejects.toMatchObject({
    code: 'misconfigured',
    problems: [
      { where: 'GET /notes/{id}', message: 'is served and not described' },
      { where: 'POST /other', message: 'is described and not served' },
    ],
  });
});
