/** What is asked of one topic. */
export interface AskedTopic {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly fetchOffset: string;
    readonly maxBytes: number;
  }[];
}

/** What goes into a fetch request of a session. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly AskedTopic[];
  readonly forgottenTopics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

/** What a fetch answer says of its session. Brokers before Kafka 1.1 say nothing. */
export interface SessionAnswer {
  readonly errorCode?: number;
  readonly sessionId?: number;
}

/** Epoch of a request that names every partition and begins a session. */
const FIRST_EPOCH = 0;
/** The last one that fits into a request; a session is begun anew after it. */
const LAST_EPOCH = 2 ** 31 - 1;
const NO_SESSION = 0;

/**
 * What reader and broker know of each other (KIP-227): once a session has begun, a request names only the partitions
 * whose position has changed, and an answer only those with something new. One request at a time.
 */
export class FetchSession {
  readonly #lastEpoch: number;
  #id = NO_SESSION;
  #epoch = FIRST_EPOCH;
  #asked: readonly AskedTopic[] | undefined;
  /** What the broker holds for each partition. */
  #held = new Map<string, Map<number, string>>();

  constructor(lastEpoch = LAST_EPOCH) {
    this.#lastEpoch = lastEpoch;
  }

  /** What to send so that the broker reads these partitions, and no others. */
  request(topics: readonly AskedTopic[]): SessionRequest {
    const session = { sessionId: this.#id, sessionEpoch: this.#epoch };
    // Whoever repeats a request hands in the same list: what an idle reader does twice a second.
    if (topics === this.#asked && this.#epoch !== FIRST_EPOCH)
      return { ...session, topics: [], forgottenTopics: [] };
    this.#asked = topics;
    const before = this.#held;
    this.#held = new Map(
      topics.map(({ topic, partitions }) => [
        topic,
        new Map(partitions.map((asked) => [asked.partition, positionOf(asked)])),
      ]),
    );
    return this.#epoch === FIRST_EPOCH
      ? { ...session, topics, forgottenTopics: [] }
      : { ...session, topics: changed(topics, before), forgottenTopics: gone(before, this.#held) };
  }

  /** False when the broker does not know the session: it has read nothing, and the same is to be requested again. */
  answered({ errorCode = 0, sessionId = NO_SESSION }: SessionAnswer): boolean {
    if (errorCode !== 0) {
      this.failed();
      return false;
    }
    // Without room for another session a broker answers, and begins none.
    const goesOn = sessionId !== NO_SESSION && this.#epoch < this.#lastEpoch;
    this.#epoch = goesOn ? this.#epoch + 1 : FIRST_EPOCH;
    this.#id = sessionId;
    return true;
  }

  /** Nobody knows what the broker has taken in: the next request begins another session and ends this one. */
  failed(): void {
    this.#epoch = FIRST_EPOCH;
  }
}

const positionOf = ({ fetchOffset, maxBytes }: AskedTopic['partitions'][number]): string =>
  `${fetchOffset}/${maxBytes}`;

function changed(
  topics: readonly AskedTopic[],
  before: ReadonlyMap<string, ReadonlyMap<number, string>>,
): readonly AskedTopic[] {
  return topics.flatMap(({ topic, partitions }) => {
    const held = before.get(topic);
    const moved = partitions.filter((asked) => held?.get(asked.partition) !== positionOf(asked));
    return moved.length > 0 ? [{ topic, partitions: moved }] : [];
  });
}

function gone(
  before: ReadonlyMap<string, ReadonlyMap<number, string>>,
  now: ReadonlyMap<string, ReadonlyMap<number, string>>,
): SessionRequest['forgottenTopics'] {
  return Array.from(before, ([topic, held]) => ({
    topic,
    partitions: [...held.keys()].filter((partition) => now.get(topic)?.has(partition) !== true),
  })).filter(({ partitions }) => partitions.length > 0);
}
