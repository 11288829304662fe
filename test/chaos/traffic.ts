import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, call } from '../src/api.js';
import type { Journal } from './journal.js';
import { POISON } from './model-endpoint.js';
import type { Random } from './random.js';

export interface Accepted {
  readonly id: string;
  readonly conversation: string;
  /** Place in its conversation, as it was sent. */
  readonly nth: number;
  readonly poison: boolean;
}

export interface Traffic {
  readonly accepted: readonly Accepted[];
  /** Idempotency keys that got two ids, and answers that nobody can explain. */
  readonly problems: readonly string[];
  /** Repeats of calls that had been answered, or were under way. */
  readonly repeats: () => number;
  /** Resolves once all are sent. */
  readonly done: Promise<void>;
}

export interface TrafficOptions {
  readonly messages: number;
  /** Messages a second at most. */
  readonly rate: number;
  /** Share of the messages that may have been sent by now, 0 to 1. */
  readonly progress: () => number;
  /** Addresses of the gateways that are at work now. */
  readonly gateways: () => readonly string[];
  readonly random: Random;
  readonly journal: Journal;
}

interface Message {
  readonly key: string;
  readonly poison: boolean;
  readonly body: Readonly<Record<string, string>>;
}

const LANES = 24;
/** A customer's connection: after so long the call is made anew, with its key. */
const CALL_MS = 15_000;
const POISON_SHARE = 0.01;
const TWICE_AT_ONCE_SHARE = 0.1;
const AGAIN_LATER_SHARE = 0.1;

const texts = [
  'Where is my order FF-204518?',
  'do you ship to Norway',
  'The zip of my tent is broken, what can I do about order FF-300001?',
  'Thanks, the stove is great. Can I get a longer hose for it?',
];

/**
 * Sends conversations of several messages, each message once the one before it was accepted, many conversations at a
 * time. A call that fails is made again with its key until it is accepted, as a webhook would be; some are made twice at
 * once, some again later.
 */
export function startTraffic(options: TrafficOptions): Traffic {
  const { messages, random, rate, progress } = options;
  const accepted: Accepted[] = [];
  const problems: string[] = [];
  let sent = 0;
  let conversations = 0;
  let repeats = 0;
  const startedAt = performance.now();

  async function turn(): Promise<boolean> {
    const nth = sent;
    if (nth >= messages) return false;
    sent += 1;
    while (nth >= messages * progress() || nth > ((performance.now() - startedAt) / 1_000) * rate)
      await delay(20);
    return true;
  }

  async function send(message: Message): Promise<string> {
    const together = random.share() < TWICE_AT_ONCE_SHARE;
    const ids = await Promise.all(
      (together ? [message, message] : [message]).map((each) => postUntilAccepted(each, options, problems)),
    );
    if (together) repeats += 1;
    const [id = ''] = ids;
    if (ids.some((each) => each !== id)) problems.push(`${message.key} got the ids ${ids.join(' and ')}`);
    return id;
  }

  async function again(message: Message, id: string): Promise<void> {
    repeats += 1;
    const second = await postUntilAccepted(message, options, problems);
    if (second !== id) problems.push(`${message.key} got the ids ${id} and later ${second}`);
  }

  async function lane(): Promise<void> {
    for (;;) {
      conversations += 1;
      const conversation = `chaos-${conversations}`;
      let before: (() => Promise<void>) | undefined;
      for (let nth = 1, count = random.whole(2, 8); nth <= count; nth += 1) {
        if (!(await turn())) return;
        const message = messageOf(conversation, nth, random);
        const id = await send(message);
        accepted.push({ id, conversation, nth, poison: message.poison });
        options.journal.note('accepted', { at: Date.now(), id, key: message.key });
        await before?.();
        before = random.share() < AGAIN_LATER_SHARE ? () => again(message, id) : undefined;
      }
      await before?.();
    }
  }

  const done = Promise.all(Array.from({ length: LANES }, lane)).then(() => undefined);
  return { accepted, problems, repeats: () => repeats, done };
}

function messageOf(conversation: string, nth: number, random: Random): Message {
  const poison = random.share() < POISON_SHARE;
  const text = `${random.pick(texts)} (${nth} of ${conversation}${poison ? `, ${POISON}` : ''})`;
  // What comes in by e-mail is polished by the big model.
  const channel = random.share() < 0.25 ? 'email' : 'form';
  return { key: `${conversation}/${nth}`, poison, body: { text, channel, conversation_id: conversation } };
}

async function postUntilAccepted(
  { key, body }: Message,
  { gateways, random }: TrafficOptions,
  problems: string[],
): Promise<string> {
  for (;;) {
    const urls = gateways();
    const answer = urls.length === 0 ? undefined : await post(random.pick(urls), key, body);
    if (answer?.status === 202) return answer.body.id;
    if (answer !== undefined && answer.status < 500 && answer.status !== 429) {
      problems.push(`${key} was answered with ${answer.status} ${JSON.stringify(answer.body)}`);
      throw new Error(problems.at(-1));
    }
    await delay(random.whole(50, 300));
  }
}

/** Undefined where there is no answer. */
async function post(
  url: string,
  key: string,
  body: Message['body'],
): Promise<Answer<{ readonly id: string }> | undefined> {
  const late = delay(CALL_MS, undefined, { ref: false });
  const answer = call<{ id: string }>(`${url}/v1/messages`, body, { 'Idempotency-Key': key });
  return Promise.race([answer.catch(() => undefined), late]);
}
