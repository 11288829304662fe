import { Fault } from '@spillway/contracts/fault';
import type { FastifyInstance } from 'fastify';

/** Bytes of a JSON body. A message's text may have 256 KiB; JSON escapes and the other fields come on top. */
export const BODY_LIMIT = 1_048_576;
/** Bytes of a body of many lines. */
export const LINES_LIMIT = 4 * BODY_LIMIT;

/** Content type of one JSON value per line; such a body reaches the controller as a Buffer. */
export const JSON_LINES = 'application/x-ndjson';

const strict = new TextDecoder('utf-8', { fatal: true });

/** Reads JSON and nothing else: other content types are answered with 415. */
export function readBodies(http: FastifyInstance): void {
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
    (_request, body, done) => {
      done(null, body);
    },
  );
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
