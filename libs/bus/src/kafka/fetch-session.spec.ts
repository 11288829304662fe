import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AskedTopic, FetchSession, type SessionAnswer, type SessionRequest } from './fetch-session.js';

/** `orders/0@5 orders/1@0`: partitions and the offsets to read from. */
function asked(text: string): readonly AskedTopic[] {
  const topics = new Map<string, { partition: number; fetchOffset: string; maxBytes: number }[]>();
  for (const word of text.split(' ').filter(Boolean)) {
    const [, topic = '', partition, fetchOffset = ''] = /^(.+)\/(\d+)@(\d+)$/.exec(word) ?? [];
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, [...partitions, { partition: Number(partition), fetchOffset, maxBytes: 1_000 }]);
  }
  return Array.from(topics, ([topic, partitions]) => ({ topic, partitions }));
}

const written = (topics: readonly AskedTopic[]): string =>
  topics
    .flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, fetchOffset }) => `${topic}/${partition}@${fetchOffset}`),
    )
    .join(' ');

const forgotten = (
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): string =>
  topics.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}/${partition}`)).join(' ');

const NOT_FOUND = 70;
const WRONG_EPOCH = 71;

describe('a fetch session', () => {
  it.each([
    ['a position has moved', 'a/0@0 a/1@0', 'a/0@5 a/1@0', 'a/0@5', ''],
    ['nothing has changed', 'a/0@0 b/0@0', 'a/0@0 b/0@0', '', ''],
    ['a partition came', 'a/0@0', 'a/0@0 a/1@3 b/0@0', 'a/1@3 b/0@0', ''],
    ['a partition is paused', 'a/0@0 a/1@0', 'a/1@0', '', 'a/0'],
    ['a topic is gone', 'a/0@0 b/0@0 b/1@0', 'a/0@0', '', 'b/0 b/1'],
  ])('when %s, names just that', (_, first, second, named, left) => {
    const session = new FetchSession();
    expect(session.request(asked(first))).toMatchObject({ sessionId: 0, sessionEpoch: 0 });
    expect(session.answered({ sessionId: 7 })).toBe(true);
    const next = session.request(asked(second));
    expect(next).toMatchObject({ sessionId: 7, sessionEpoch: 1 });
    expect(written(next.topics)).toBe(named);
    expect(forgotten(next.forgottenTopics)).toBe(left);
  });

  it('names nothing of a list that is asked for again, and everything once the session is lost', () => {
    const session = new FetchSession();
    const list = asked('a/0@0 a/1@0');
    session.request(list);
    session.answered({ sessionId: 7 });
    expect(session.request(list)).toEqual({
      ...{ sessionId: 7, sessionEpoch: 1 },
      ...{ topics: [], forgottenTopics: [] },
    });
    session.failed();
    expect(session.request(list).topics).toEqual(list);
  });

  it('names everything again where the broker has no room for a session', () => {
    const session = new FetchSession();
    session.request(asked('a/0@0'));
    session.answered({ sessionId: 0 });
    expect(session.request(asked('a/0@0'))).toMatchObject({
      ...{ sessionId: 0, sessionEpoch: 0 },
      topics: asked('a/0@0'),
    });
  });

  it('names everything again where the broker knows no sessions at all', () => {
    const session = new FetchSession();
    session.request(asked('a/0@0'));
    session.answered({});
    expect(written(session.request(asked('a/0@0')).topics)).toBe('a/0@0');
  });

  it.each([
    ['is not known any more', NOT_FOUND],
    ['is at another epoch', WRONG_EPOCH],
  ])('that %s at the broker is ended, and another begun', (_, errorCode) => {
    const session = new FetchSession();
    session.request(asked('a/0@0'));
    session.answered({ sessionId: 7 });
    session.request(asked('a/0@4'));
    expect(session.answered({ errorCode, sessionId: 0 })).toBe(false);
    const next = session.request(asked('a/0@4'));
    expect(next).toMatchObject({ sessionId: 7, sessionEpoch: 0, forgottenTopics: [] });
    expect(written(next.topics)).toBe('a/0@4');
  });

  it('is begun anew after the last epoch that fits into a request', () => {
    const session = new FetchSession(2);
    const epochs = ['a/0@0', 'a/0@1', 'a/0@2', 'a/0@3', 'a/0@4'].map((text) => {
      const { sessionEpoch } = session.request(asked(text));
      session.answered({ sessionId: 7 });
      return sessionEpoch;
    });
    expect(epochs).toEqual([0, 1, 2, 0, 1]);
  });

  it('leaves the broker with exactly what was asked, whatever happens between', () => {
    const partition = fc.constantFrom('a/0', 'a/1', 'b/0', 'b/1', 'c/0');
    const step = fc.record({
      partitions: fc.uniqueArray(fc.tuple(partition, fc.nat(3)), { selector: ([name]) => name }),
      happens: fc.constantFrom(
        'an answer',
        'an answer',
        'an answer',
        'no answer',
        'no request',
        'a restart',
        'no room',
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const session = new FetchSession();
        let broker = new SessionBroker();
        for (const { partitions, happens } of steps) {
          const text = partitions.map(([name, offset]) => `${name}@${offset}`).join(' ');
          if (happens === 'a restart') broker = new SessionBroker();
          broker.hasRoom = happens !== 'no room';
          const request = session.request(asked(text));
          if (happens !== 'no request') {
            const answer = broker.read(request);
            if (happens !== 'no answer') {
              // A session that nobody knows is begun anew with the next request, which cannot fail.
              if (!session.answered(answer)) {
                expect(session.answered(broker.read(session.request(asked(text))))).toBe(true);
              }
              expect(broker.holds.split(' ').sort()).toEqual(text.split(' ').sort());
              continue;
            }
          }
          session.failed();
        }
      }),
    );
  });
});

/** What KIP-227 asks of a broker. */
class SessionBroker {
  hasRoom = true;
  /** What was read for the last request that was answered without an error. */
  holds = '';
  readonly #sessions = new Map<number, { epoch: number; readonly positions: Map<string, string> }>();
  /** Each start has ids of its own. */
  #id = 1_000 * ++starts;

  read({ sessionId, sessionEpoch, topics, forgottenTopics }: SessionRequest): SessionAnswer {
    if (sessionEpoch === 0) return this.#begin(sessionId, topics);
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return { errorCode: NOT_FOUND, sessionId: 0 };
    if (session.epoch !== sessionEpoch) return { errorCode: WRONG_EPOCH, sessionId: 0 };
    session.epoch += 1;
    for (const name of forgotten(forgottenTopics).split(' ')) session.positions.delete(name);
    for (const [name, offset] of positionsIn(topics)) session.positions.set(name, offset);
    this.#read(session.positions);
    return { errorCode: 0, sessionId };
  }

  #begin(ended: number, topics: readonly AskedTopic[]): SessionAnswer {
    this.#sessions.delete(ended);
    const positions = positionsIn(topics);
    this.#read(positions);
    if (!this.hasRoom) return { errorCode: 0, sessionId: 0 };
    this.#id += 1;
    this.#sessions.set(this.#id, { epoch: 1, positions });
    return { errorCode: 0, sessionId: this.#id };
  }

  #read(positions: ReadonlyMap<string, string>): void {
    this.holds = Array.from(positions, (entry) => entry.join('@')).join(' ');
  }
}

let starts = 0;

const positionsIn = (topics: readonly AskedTopic[]): Map<string, string> =>
  new Map(
    written(topics)
      .split(' ')
      .filter(Boolean)
      .map((name) => name.split('@') as [string, string]),
  );
