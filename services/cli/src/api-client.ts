import { setTimeout as delay } from 'node:timers/promises';
import { Fault, type FaultCode, type Problem, reactions } from '@spillway/contracts/fault';
import { createParser } from 'eventsource-parser';
import { Pool } from 'undici';
import type { OutgoingMessage } from './inbox-file.js';

/** What the gateway says to one message. */
type Receipt = { readonly id: string; readonly conversation_id: string; readonly trace_id: string } | Refusal;

interface Refusal {
  readonly code: string;
  readonly detail: string;
  readonly errors?: ProblemDetails['errors'];
}

export interface StreamEvent {
  readonly topic: string;
  readonly messageId: string;
}

/** The HTTP API, as the commands use it. Everything rejects with Fault only. */
export interface ApiClient {
  readonly url: string;
  /** Sends messages in one call; one receipt or refusal for each, in their order. */
  send(messages: readonly OutgoingMessage[]): Promise<readonly Receipt[]>;
  /** A JSON answer. Throws `missing` for 404, `unavailable` where no server answers. */
  get<T>(path: string): Promise<T>;
  /**
   * Posts JSON, and hands over the JSON of each line of the answer as it comes, until the signal is aborted. Throws as
   * `get` does, and `unavailable` when the answer breaks off.
   */
  post<T>(path: string, body: object, onLine: (line: T) => void, signal: AbortSignal): Promise<void>;
  /**
   * Hears of events of these topics from now on, until the signal is aborted. Resolves once it listens; calls `onGap`
   * each time it had to connect anew, since events in between are not repeated.
   */
  listen(
    topics: readonly string[],
    onEvent: (event: StreamEvent) => void,
    onGap: () => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}

const RECONNECT_MS = 500;
/** Longer than any answer takes; a stream is silent for as long as nothing happens. */
const ANSWER_TIMEOUT_MS = 60_000;

export function apiClient(url: string, apiKey: string | undefined): ApiClient {
  const pool = new Pool(url, { connections: 8, headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: 0 });
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };

  async function answer(path: string, options: Partial<Parameters<Pool['request']>[0]>) {
    try {
      return await pool.request({
        method: 'GET',
        ...options,
        path,
        headers: { ...headers, ...options.headers },
      });
    } catch (cause) {
      throw new Fault('unavailable', `no server answers at ${url}`, { cause });
    }
  }

  async function connect(path: string, onEvent: (event: StreamEvent) => void, signal: AbortSignal) {
    const { statusCode, body } = await answer(path, { headers: { accept: 'text/event-stream' }, signal });
    if (statusCode !== 200) throw faultOf(statusCode, await body.text());
    const parser = createParser({
      onEvent: ({ event, data }) => {
        const { message_id: messageId } = JSON.parse(data) as { message_id: string };
        onEvent({ topic: event ?? '', messageId });
      },
    });
    const read = async (): Promise<void> => {
      for await (const chunk of body.setEncoding('utf8')) parser.feed(chunk as string);
    };
    // In an object: a promise of a promise would only be there once the stream has ended.
    return { ended: read() };
  }

  return {
    url,
    async send(messages) {
      const { statusCode, body } = await answer('/v1/messages', {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: messages.map((message) => JSON.stringify(message)).join('\n'),
      });
      const text = await body.text();
      if (statusCode >= 300) throw faultOf(statusCode, text);
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Receipt);
    },
    async get<T>(path: string) {
      const { statusCode, body } = await answer(path, {});
      const text = await body.text();
      if (statusCode >= 300) throw faultOf(statusCode, text);
      return JSON.parse(text) as T;
    },
    async post<T>(path: string, request: object, onLine: (line: T) => void, signal: AbortSignal) {
      try {
        const { statusCode, body } = await answer(path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(request),
          signal,
        });
        if (statusCode >= 300) throw faultOf(statusCode, await body.text());
        await readLines(body, (line) => onLine(JSON.parse(line) as T));
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    async listen(topics, onEvent, onGap, signal) {
      const path = `/v1/stream?types=${topics.join(',')}`;
      const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
      const keepListening = async (): Promise<void> => {
        for (let first = true; !signal.aborted; first = false) {
          try {
            const { ended } = await connect(path, onEvent, signal);
            if (first) resolve();
            else onGap();
            await ended;
          } catch (error) {
            if (first) return reject(Fault.from(error));
          }
          if (!signal.aborted) await delay(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
        }
      };
      void keepListening();
      await ready;
    },
    close: () => pool.destroy(),
  };
}

async function readLines(body: AsyncIterable<Buffer>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    }
  } catch (cause) {
    throw new Fault('unavailable', 'the answer broke off', { cause });
  }
}

interface ProblemDetails {
  readonly code?: string;
  readonly detail?: string;
  readonly title?: string;
  readonly errors?: readonly { readonly pointer?: string; readonly message?: string }[];
}

function faultOf(status: number, text: string): Fault {
  const details = problemOf(text);
  const code =
    details.code !== undefined && details.code in reactions ? (details.code as FaultCode) : 'unknown';
  const problems = problemsOf(details.errors);
  return new Fault(code, details.detail ?? details.title ?? `the server answered ${status}`, { problems });
}

const problemsOf = (errors: ProblemDetails['errors'] = []): readonly Problem[] =>
  errors.map(({ pointer = '', message = '' }) => ({ where: pointer, message }));

/** Why a message was refused, with every fault of it. */
export const refusalOf = ({ detail, errors }: Refusal): Fault =>
  new Fault('rejected', detail, { problems: problemsOf(errors) });

function problemOf(text: string): ProblemDetails {
  try {
    return JSON.parse(text) as ProblemDetails;
  } catch {
    return {};
  }
}
