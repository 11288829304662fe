import { call, type Message, until } from './api.js';
import type { OtlpReceiver } from './otlp.js';
import type { ExportedSpan } from './otlp-spans.js';
import type { Server } from './server.js';

/** Every word of it is nowhere else; the order number is what the models extract. */
export const words = {
  text: 'Zephyrine asks: where is my order FF-204518? It was due on Monday.',
  subject: 'Quixotry of parcels',
  customer: 'Ottoline Fairweather',
  metadata: { desk: 'Grimsby-Annexe' },
};
/** What must be seen nowhere: of a customer's message, and of what a person answered. */
export const customerWords = [
  /zephyrine/i,
  /FF-204518/,
  /quixotry/i,
  /ottoline|fairweather/i,
  /grimsby/i,
  /philippa/i,
];

/** A message that was sent, as it is once it has ended or is with a person. */
export interface Sent {
  /** What POST answered. */
  readonly traceId: string;
  readonly message: Message;
}

/** Sends a message and waits until it has ended or is with a person. */
export async function send(
  server: Server,
  message: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const { body } = await call<{ id: string; trace_id: string }>(
    `${server.url}/v1/messages`,
    message,
    headers,
  );
  return { traceId: body.trace_id, message: await until(server.url, body.id) };
}

/** Answer to one line of an upload. */
export interface Line {
  readonly id: string;
  readonly trace_id: string;
}

/** Sends messages as the lines of one body. */
export async function upload({ url }: Server, messages: readonly object[]): Promise<readonly Line[]> {
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: messages.map((message) => JSON.stringify(message)).join('\n'),
  });
  return (await answer.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** The spans of one trace. */
export const inTrace = ({ spans }: OtlpReceiver, traceId: string): readonly ExportedSpan[] =>
  spans.filter((span) => span.traceId === traceId);

/** Spans whose parent is not in the trace. */
export const rootsOf = (spans: readonly ExportedSpan[]): readonly ExportedSpan[] => {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentId }) => !ids.has(parentId));
};

/** The spans of this name. */
export const named = (spans: readonly ExportedSpan[], name: string): readonly ExportedSpan[] =>
  spans.filter((span) => span.name === name);

/** How often each span is there, by service, kind and name. */
export function census(spans: readonly ExportedSpan[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { service, kind, name } of spans) {
    const line = `${service.replace('spillway-', '')}: ${name} (${kind})`;
    counts[line] = (counts[line] ?? 0) + 1;
  }
  return counts;
}

/** The services that a message passes, when the big model is asked too. */
export const EVERY_SERVICE = [
  'spillway-classifier',
  'spillway-drafter',
  'spillway-extractor',
  'spillway-gateway',
  'spillway-ledger',
  'spillway-polisher',
  'spillway-router',
  'spillway-sentiment',
];
/** The services that made these spans, each once. */
export const servicesOf = (spans: readonly ExportedSpan[]): readonly string[] =>
  [...new Set(spans.map(({ service }) => service))].sort();

/** What an operator, or whoever reads the collector's disk, can see. */
export const everythingSeen = (receiver: OtlpReceiver, server: Server): string =>
  receiver.bytes().toString() + server.log();
