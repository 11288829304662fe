import { createRequire } from 'node:module';
import { type AskedTopic, FetchSession, type SessionAnswer } from './fetch-session.js';

interface FetchRequest {
  readonly topics: readonly AskedTopic[];
}

type Protocol = (parameters: object) => unknown;

/** What is used of kafkajs's broker, which every reader has to itself. */
interface Broker {
  fetch(request: FetchRequest): Promise<SessionAnswer>;
  lookupRequest(apiKey: number, definition: unknown): Protocol;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/broker') as {
  readonly prototype: Partial<Broker>;
};

let kept: boolean | undefined;

/**
 * Lets the readers of kafkajs keep a session with each broker. Left alone they name all their partitions in every fetch,
 * and the broker answers for all of them: with a hundred of them, retry topics included, most of what a fetch costs
 * here. False when this kafkajs is another one than this was made for; then nothing is changed.
 */
export function keepFetchSessions(): boolean {
  kept ??= patch(prototype);
  return kept;
}

/** For `keepFetchSessions`, on whatever prototype. */
export function patch(broker: Partial<Broker>): boolean {
  const fetch = broker.fetch;
  if (typeof fetch !== 'function' || !isAsExpected(fetch)) return false;
  const sessions = new WeakMap<Broker, FetchSession>();
  const reading = new WeakSet<Broker>();
  broker.fetch = async function (this: Broker, request: FetchRequest): Promise<SessionAnswer> {
    // A session takes one request at a time; whoever comes meanwhile reads without.
    if (reading.has(this)) return fetch.call(this, request);
    const session = sessions.get(this) ?? new FetchSession();
    sessions.set(this, session);
    reading.add(this);
    try {
      const answer = await fetchIn(session, this, fetch, request);
      return session.answered(answer) ? answer : await fetchAgain(session, this, fetch, request);
    } catch (error) {
      session.failed();
      throw error;
    } finally {
      reading.delete(this);
    }
  };
  return true;
}

function fetchIn(
  session: FetchSession,
  broker: Broker,
  fetch: Broker['fetch'],
  request: FetchRequest,
): Promise<SessionAnswer> {
  const { topics, ...parameters } = session.request(request.topics);
  const inSession: Broker = Object.create(broker, {
    lookupRequest: {
      value: (...asked: Parameters<Broker['lookupRequest']>): Protocol => {
        const protocol = broker.lookupRequest(...asked);
        return (given) => protocol({ ...given, ...parameters });
      },
    },
  });
  return fetch.call(inSession, { ...request, topics });
}

/** With a session that is begun anew, which no broker can fail to know. */
async function fetchAgain(
  session: FetchSession,
  broker: Broker,
  fetch: Broker['fetch'],
  request: FetchRequest,
): Promise<SessionAnswer> {
  const answer = await fetchIn(session, broker, fetch, request);
  session.answered(answer);
  return answer;
}

/** It looks its request up on the broker, hands the topics on, and leaves the session to the request's defaults. */
function isAsExpected(fetch: unknown): boolean {
  const source = String(fetch);
  return (
    ['this.lookupRequest(apiKeys.Fetch, requests.Fetch)', 'topics: consolidatedTopicPartitions'].every(
      (part) => source.includes(part),
    ) && !source.includes('session')
  );
}
