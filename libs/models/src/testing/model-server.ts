import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Prompt } from '../language-model.js';
import { answerTo } from './model-server-answers.js';
import { type TokenStyle, tokensOf } from './model-server-tokens.js';

/** What goes wrong with one request. */
export type Trouble =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** 400 that names the parameter, for as long as a request has it. */
  | { readonly kind: 'refuses'; readonly parameter: string }
  | { readonly kind: 'slow'; readonly ms: number }
  /** Takes the request and never answers. */
  | { readonly kind: 'silent' }
  /** Headers for the whole body, half of it, and a closed connection. */
  | { readonly kind: 'half a body' }
  | { readonly kind: 'closes' }
  | { readonly kind: 'not json' }
  /** JSON that does not fit the schema. */
  | { readonly kind: 'off the schema' }
  | { readonly kind: 'no logprobs' }
  /** Tokens of another kind, of this text where one is given. */
  | { readonly kind: 'tokens'; readonly style: TokenStyle; readonly text?: string }
  /** These words before the answer, whatever the schema says. */
  | { readonly kind: 'chatty'; readonly opening: string }
  | { readonly kind: 'no usage' }
  | { readonly kind: 'refusal' }
  | { readonly kind: 'length' }
  /** Answers as it would answer this message. */
  | { readonly kind: 'misreads'; readonly text: string }
  /** This text in place of an answer. */
  | { readonly kind: 'says'; readonly text: string }
  | { readonly kind: 'bloated'; readonly bytes: number };

/** One request, as it was received. */
export interface ServedCall {
  /** Counts from 1. */
  readonly nth: number;
  readonly step: Prompt['step'];
  readonly idempotencyKey: string | undefined;
  readonly authorization: string | undefined;
  /** Tells connections apart. */
  readonly remotePort: number;
  readonly body: ChatRequest;
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly logprobs?: boolean;
  readonly response_format?: {
    readonly json_schema: { readonly name: Prompt['step']; readonly schema: unknown };
  };
  readonly [other: string]: unknown;
}

export interface ModelServer {
  /** With `/v1`. */
  readonly baseUrl: string;
  /** Every request so far, in order of arrival. */
  readonly calls: readonly ServedCall[];
  /** How many requests are being answered. */
  readonly inFlight: () => number;
  /** Troubles of the next requests, one each, `undefined` for none. */
  next(...troubles: readonly (Trouble | undefined)[]): void;
  /** The trouble of every request that `next` says nothing about. */
  always(trouble: (call: ServedCall) => Trouble | undefined): void;
  close(): Promise<void>;
}

/** As endpoints report it: `completion` has the reasoning in it. */
export interface ServedUsage {
  readonly prompt: number;
  readonly completion: number;
  readonly reasoning?: number;
}

export interface ModelServerOptions {
  /** Probability of every letter and digit that it says. */
  readonly certainty?: number;
  /** Tokens that an answer is said to have cost, where they are not to be counted by its letters. */
  readonly usage?: (call: ServedCall) => ServedUsage;
  /** Whether `calls` keeps every request; false where there are too many to keep. */
  readonly keepCalls?: boolean;
  /** Told of every request before it is answered. */
  readonly onCall?: (call: ServedCall, response: ServerResponse) => void;
}

/**
 * An HTTP server that speaks OpenAI's chat completions, for tests: it answers each step sensibly by rules, with token
 * log-probabilities and usage, and goes wrong on demand. Listens on loopback, on a free port.
 */
export async function startModelServer({
  certainty = 0.96,
  keepCalls = true,
  usage,
  onCall,
}: ModelServerOptions = {}): Promise<ModelServer> {
  const habits = { certainty, usage };
  const calls: ServedCall[] = [];
  let count = 0;
  const queued: (Trouble | undefined)[] = [];
  let usual: (call: ServedCall) => Trouble | undefined = () => undefined;
  const open = new Set<ServerResponse>();

  const server = createServer((request, response) => {
    const over = (): void => void open.delete(response);
    open.add(response);
    response.once('finish', over).once('close', over);
    received(request)
      .then((arrived) => {
        count += 1;
        const call = { ...arrived, nth: count };
        if (keepCalls) calls.push(call);
        onCall?.(call, response);
        return respond(call, queued.length > 0 ? queued.shift() : usual(call), response, habits);
      })
      .catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    inFlight: () => open.size,
    next: (...troubles) => void queued.push(...troubles),
    always: (trouble) => {
      usual = trouble;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function received(request: IncomingMessage): Promise<Omit<ServedCall, 'nth'>> {
  const body = JSON.parse(await textOf(request)) as ChatRequest;
  return {
    step: stepOf(body),
    idempotencyKey: request.headers['idempotency-key'] as string | undefined,
    authorization: request.headers.authorization,
    remotePort: request.socket.remotePort ?? 0,
    body,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** By the schema's name, or, where it stands in the prompt, by what is particular to each schema. */
function stepOf(body: ChatRequest): Prompt['step'] {
  if (body.response_format !== undefined) return body.response_format.json_schema.name;
  const system = body.messages[0]?.content ?? '';
  const marks: readonly (readonly [string, Prompt['step']])[] = [
    ['"label":{', 'classify'],
    ['"fields":{', 'extract'],
    ['"mood":{', 'sentiment'],
    ['"macro_id":{', 'draft'],
    ['"better":{', 'judge'],
  ];
  return marks.find(([mark]) => system.includes(mark))?.[1] ?? 'polish';
}

interface Habits {
  readonly certainty: number;
  readonly usage: ModelServerOptions['usage'];
}

async function respond(
  call: ServedCall,
  trouble: Trouble | undefined,
  response: ServerResponse,
  habits: Habits,
): Promise<void> {
  switch (trouble?.kind) {
    case 'status':
      return void send(
        response,
        trouble.status,
        errorBody(`failing with ${trouble.status}`),
        trouble.headers,
      );
    case 'refuses':
      if (!(trouble.parameter in call.body))
        return void send(response, 200, completion(call, undefined, habits));
      return void send(
        response,
        400,
        errorBody(`Unsupported parameter: '${trouble.parameter}'`, trouble.parameter),
      );
    case 'slow':
      await wait(trouble.ms);
      return void send(response, 200, completion(call, undefined, habits));
    case 'silent':
      return;
    case 'closes':
      return void response.destroy();
    case 'half a body': {
      const body = JSON.stringify(completion(call, undefined, habits));
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
      return void response.write(body.slice(0, body.length / 2), () => response.destroy());
    }
    case 'not json':
      response.writeHead(200, { 'content-type': 'application/json' });
      return void response.end('{"choices": [');
    case 'bloated':
      return void send(response, 200, { choices: [], padding: ' '.repeat(trouble.bytes) });
    default:
      return void send(response, 200, completion(call, trouble, habits));
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

const errorBody = (message: string, param: string | null = null): unknown => ({
  error: { message, type: 'invalid_request_error', param, code: null },
});

function readAs(call: ServedCall, trouble: Trouble | undefined): ServedCall {
  if (trouble?.kind !== 'misreads') return call;
  const messages = call.body.messages.with(-1, { role: 'user', content: trouble.text });
  return { ...call, body: { ...call.body, messages } };
}

function completion(call: ServedCall, trouble: Trouble | undefined, habits: Habits): unknown {
  const { body } = call;
  const refusal = trouble?.kind === 'refusal' ? 'I cannot help with that.' : null;
  const given = trouble?.kind === 'says' || trouble?.kind === 'tokens' ? trouble.text : undefined;
  const whole = given ?? answerTo(readAs(call, trouble));
  const said = trouble?.kind === 'length' ? whole.slice(0, whole.length / 2) : whole;
  const opening = trouble?.kind === 'chatty' ? trouble.opening : '';
  const content = trouble?.kind === 'off the schema' ? '{"unexpected":true}' : opening + said;
  const style = trouble?.kind === 'tokens' ? trouble.style : 'plain';
  const withLogprobs = body.logprobs === true && trouble?.kind !== 'no logprobs' && refusal === null;
  const {
    prompt,
    completion: written,
    reasoning = 0,
  } = habits.usage?.(call) ?? {
    prompt: Math.ceil(body.messages.reduce((sum, each) => sum + each.content.length, 0) / 4),
    completion: Math.ceil(content.length / 4),
  };
  const usage = {
    prompt_tokens: prompt,
    completion_tokens: written,
    total_tokens: prompt + written,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
  return {
    id: `chatcmpl-${call.nth}`,
    object: 'chat.completion',
    model: body.model,
    system_fingerprint: 'fp_test',
    choices: [
      {
        index: 0,
        finish_reason: trouble?.kind === 'length' ? 'length' : 'stop',
        message: { role: 'assistant', content: refusal === null ? content : null, refusal },
        logprobs: withLogprobs
          ? { content: tokensOf(content, habits.certainty, style), refusal: null }
          : null,
      },
    ],
    ...(trouble?.kind === 'no usage' ? {} : { usage }),
  };
}
