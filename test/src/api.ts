import { setTimeout as delay } from 'node:timers/promises';

interface StepResult {
  readonly value: unknown;
  readonly confidence: number | null;
  readonly model: string | null;
  readonly tier: 'small' | 'big' | 'human';
  readonly cost_nanos: number | null;
  readonly latency_ms: number;
  readonly failure: { readonly code: string; readonly detail: string } | null;
}

/** `GET /v1/messages/{id}`. */
export interface Message {
  readonly id: string;
  readonly conversation_id: string;
  readonly status: 'received' | 'in_progress' | 'in_review' | 'settled' | 'failed';
  readonly steps: Readonly<Record<string, StepResult>>;
  readonly decisions: readonly {
    readonly step: string;
    readonly tier: string;
    readonly verdict: string;
    readonly reasons: readonly string[];
    readonly confidence: number | null;
    readonly threshold: number | null;
    readonly policy_version: string;
  }[];
  readonly waiting: { readonly for: string; readonly step: string; readonly until: string } | null;
  readonly reply: { readonly text: string; readonly by: string } | null;
  readonly outcome: string | null;
  readonly cost_nanos: number | null;
  readonly baseline_nanos: number | null;
  readonly trace_id: string;
  readonly received_at: string;
  readonly settled_at: string | null;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** One HTTP call, with a JSON body where there is one. */
export async function call<T = Record<string, unknown>>(
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<T>> {
  const answer = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: (text === '' ? {} : JSON.parse(text)) as T };
}

/** Sends a message and returns its id. */
export async function post(
  url: string,
  message: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, body } = await call<{ id: string }>(`${url}/v1/messages`, message, headers);
  if (status !== 202) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body.id;
}

export const read = async (url: string, id: string): Promise<Message> =>
  (await call<Message>(`${url}/v1/messages/${id}`)).body;

/** The message once it has one of these statuses. */
export async function until(
  url: string,
  id: string,
  statuses: readonly Message['status'][] = ['settled', 'in_review', 'failed'],
): Promise<Message> {
  for (;;) {
    const message = await read(url, id);
    if (statuses.includes(message.status)) return message;
    await delay(10);
  }
}
