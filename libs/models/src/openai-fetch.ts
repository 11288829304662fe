import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Fault } from '@spillway/contracts/fault';
import type { Dispatcher } from 'undici';
import { request } from './connections.js';
import type { Send } from './openai-client.js';
import { tooLarge } from './openai-faults.js';

/** What the OpenAI library reads of a response that is no stream. */
type ReadResponse = Pick<Response, 'ok' | 'status' | 'url' | 'body' | 'text'> & {
  readonly headers: Pick<Headers, 'get' | 'entries'>;
};

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
export function boundedFetch(dispatcher: Dispatcher, maxBytes: number): Send {
  const ask = async (url: string, { signal, ...asked }: Parameters<Send>[1]): Promise<ReadResponse> => {
    const options = { ...asked, method: asked.method as Dispatcher.HttpMethod, signal };
    const { statusCode, headers, body } = await request(url, dispatcher, options);
    const content = decoded(body, headers['content-encoding']);
    return {
      ok: statusCode >= 200 && statusCode < 300,
      status: statusCode,
      headers: received(headers),
      url,
      body: null,
      text: () => textOf(content, maxBytes, signal),
    };
  };
  return ask as unknown as Send;
}

/** True Headers check and copy each of them, to be asked for three. */
function received(headers: IncomingHttpHeaders): ReadResponse['headers'] {
  const headerOf = (name: string): string | null => headers[name.toLowerCase()]?.toString() ?? null;
  return {
    get: headerOf,
    entries: () =>
      Object.keys(headers)
        .map((name): [string, string] => [name, headerOf(name) ?? ''])
        .values(),
  };
}

/** An encoding that nobody knows is left as it is: what comes of it is no JSON. */
function decoded(body: Readable, encoding: string | string[] | undefined): AsyncIterable<Buffer> {
  const decoder = decoders[encoding?.toString().trim().toLowerCase() ?? '']?.();
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
