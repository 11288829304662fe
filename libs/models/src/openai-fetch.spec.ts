import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundedFetch } from './openai-fetch.js';

const MOST_BYTES = 1_000;
const text = JSON.stringify({ said: 'Grüße 👋', padding: ' '.repeat(600) });

interface Served {
  readonly encoding?: string;
  readonly body: Buffer;
  /** Closes the connection after so many bytes of the body. */
  readonly breakAt?: number;
}

let served: Served = { body: Buffer.from(text) };
let server: Server;
let agent: Agent;

beforeAll(async () => {
  agent = new Agent();
  server = createServer((request, response) => {
    request.resume();
    const { encoding, body, breakAt } = served;
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': body.length,
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    });
    if (breakAt === undefined) response.end(body);
    else response.write(body.subarray(0, breakAt), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await agent.close();
  server.close();
});

async function fetched(answer: Served, signal = new AbortController().signal): Promise<string> {
  served = answer;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const headers = { 'content-type': 'application/json' };
  const ask = boundedFetch(agent, MOST_BYTES);
  const response = await ask(url, { method: 'POST', headers, body: '{}', signal });
  expect(response).toMatchObject({ ok: true, status: 200, url });
  return await response.text();
}

describe('a response as the OpenAI library reads it', () => {
  it.each<[string, Served]>([
    ['plain', { body: Buffer.from(text) }],
    ['compressed with gzip', { encoding: 'gzip', body: gzipSync(text) }],
    ['compressed with gzip, in capitals', { encoding: 'GZIP', body: gzipSync(text) }],
    ['compressed with deflate', { encoding: 'deflate', body: deflateSync(text) }],
    ['compressed with Brotli', { encoding: 'br', body: brotliCompressSync(text) }],
  ])('%s', async (_, answer) => {
    expect(await fetched(answer)).toBe(text);
  });

  const long = Buffer.alloc(MOST_BYTES + 1, 32);
  const whole = gzipSync(Buffer.from(text));
  it.each<[string, Served, string]>([
    ['longer than it may be', { body: long }, 'too_large'],
    ['longer than it may be once it is unpacked', { encoding: 'gzip', body: gzipSync(long) }, 'too_large'],
    ['half a body', { body: Buffer.from(text), breakAt: 100 }, 'malformed'],
    ['half a compressed body', { encoding: 'gzip', body: whole, breakAt: whole.length - 9 }, 'malformed'],
    ['not compressed as it says', { encoding: 'gzip', body: Buffer.from(text) }, 'malformed'],
  ])('%s is refused', async (_, answer, code) => {
    await expect(fetched(answer)).rejects.toMatchObject({ code });
  });

  it('an abort while the body is read is the caller’s', async () => {
    const controller = new AbortController();
    const reason = new Error('gave up');
    served = { body: Buffer.from(text) };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const response = await boundedFetch(agent, MOST_BYTES)(url, {
      ...{ method: 'POST', body: '{}', signal: controller.signal },
      headers: {},
    });
    controller.abort(reason);
    await expect(response.text()).rejects.toBe(reason);
  });
});
