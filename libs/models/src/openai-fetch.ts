import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Fault } from '@spillway/contracts/fault';
import type { Dispatcher } from 'undici';
import { request } from './connections.js';
import { tooLarge } from './openai-faults.js';

/** What the OpenAI library reads of a response that is no stream. */
type ReadResponse = Pick<Response, 'ok' | 'status' | 'headers' | 'url' | 'body' | 'text'>;

/** Nobody asks for these, since they cost more time than a network nearby does; some endpoints answer so all the same. */
const decoders: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * `fetch` as the OpenAI library calls it, over the given connections: with `undici.request` below, since the streams of a
 * true Response cost more than the call itself. Reading its text throws `too_large` for more than `maxBytes` bytes and
 * `malformed` for a body that broke off; no connection, and an abort, reject with what the connection says. A redirect is
 * an answer like any other: it is not followed, since it would carry the key and a customer's text to another address.
 */
export function boundedFetch(dispatcher: Dispatcher, maxBytes: number): typeof globalThis.fetch {
  const ask = async (url: string, { method, headers, body, signal }: RequestInit): Promise<ReadResponse> => {
    const answer = await request(url, dispatcher, {
      method: method as Dispatcher.HttpMethod,
      headers: headers as Headers,
      body: body as string,
      signal: signal as AbortSignal,
    });
    const { statusCode } = answer;
    const received = new Headers(answer.headers as Record<string, string>);
    const content = decoded(answer.body, received.get('content-encoding'));
    return {
      ok: statusCode >= 200 && statusCode < 300,
      status: statusCode,
      headers: received,
      url,
      body: null,
      text: () => textOf(content, maxBytes, signal as AbortSignal),
    };
  };
  return ask as unknown as typeof globalThis.fetch;
}

/** An encoding that nobody knows is left as it is: what comes of it is no JSON. */
function decoded(body: Readable, encoding: string | null): AsyncIterable<Buffer> {
  const decoder = decoders[encoding?.trim().toLowerCase() ?? '']?.();
  // Its errors reach whoever reads the decoder.
  return decoder === undefined ? body : (pipeline(body, decoder, () => undefined) as AsyncIterable<Buffer>);
}

async function textOf(body: AsyncIterable<Buffer>, maxBytes: number, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof Fault || signal.aborted) throw cause;
    throw new Fault('malformed', "the endpoint's answer broke off", { cause });
  }
  return (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString();
}
