import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ExportedSpan, spansOf } from './otlp-spans.js';

/** A receiver of OTLP over HTTP on loopback, as a collector is one. */
export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  /** Every span so far. */
  readonly spans: readonly ExportedSpan[];
  /** Every export so far, as it was received. */
  bytes(): Buffer;
  /** Takes requests and never answers, from now on. */
  fallSilent(): void;
  close(): Promise<void>;
}

/** Starts a receiver that takes all that is sent to `/v1/traces`. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ExportedSpan[] = [];
  const exports: Buffer[] = [];
  let silent = false;
  const server = createServer((request, response) => {
    bodyOf(request).then(
      (body) => {
        if (silent) return;
        exports.push(body);
        const found = request.url === '/v1/traces' ? spansOf(body) : [];
        spans.push(...found);
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      },
      (error: unknown) => response.destroy(error as Error),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bytes: () => Buffer.concat(exports),
    fallSilent: () => {
      silent = true;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
