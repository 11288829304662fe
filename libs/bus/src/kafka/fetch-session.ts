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
  /** What the broker holds. */
  #asked: readonly AskedTopic[] = [];

  constructor(lastEpoch = LAST_EPOCH) {
    this.#lastEpoch = lastEpoch;
  }

  /**
   * What to send so that the broker reads these partitions, and no others. Whoever asks again hands in the same objects
   * for what has not changed, which takes no time then.
   */
  request(topics: readonly AskedTopic[]): SessionRequest {
    const session = { sessionId: this.#id, sessionEpoch: this.#epoch };
    const before = this.#asked;
    this.#asked = topics;
    if (this.#epoch === FIRST_EPOCH) return { ...session, topics, forgottenTopics: [] };
    if (topics === before) return { ...session, topics: [], forgottenTopics: [] };
    return { ...session, topics: changed(topics, before), forgottenTopics: gone(topics, before) };
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

type AskedPartition = AskedTopic['partitions'][number];

/** Nearly always both lists have the same order. */
const topicIn = (list: readonly AskedTopic[], topic: string, at: number): AskedTopic | undefined =>
  list[at]?.topic === topic ? list[at] : list.find((each) => each.topic === topic);

function partitionIn(
  asked: AskedTopic | undefined,
  partition: number,
  at: number,
): AskedPartition | undefined {
  const there = asked?.partitions[at];
  return there?.partition === partition
    ? there
    : asked?.partitions.find((each) => each.partition === partition);
}

const isSamePosition = (asked: AskedPartition, held: AskedPartition | undefined): boolean =>
  asked === held || (asked.fetchOffset === held?.fetchOffset && asked.maxBytes === held.maxBytes);

const changed = (topics: readonly AskedTopic[], before: readonly AskedTopic[]): readonly AskedTopic[] =>
  topics.flatMap((asked, at) => {
    const held = topicIn(before, asked.topic, at);
    if (held === asked) return [];
    const moved = asked.partitions.filter(
      (each, place) => !isSamePosition(each, partitionIn(held, each.partition, place)),
    );
    return moved.length > 0 ? [{ topic: asked.topic, partitions: moved }] : [];
  });

const gone = (
  topics: readonly AskedTopic[],
  before: readonly AskedTopic[],
): SessionRequest['forgottenTopics'] =>
  before.flatMap((held, at) => {
    const asked = topicIn(topics, held.topic, at);
    if (asked === held) return [];
    const partitions = held.partitions
      .filter(({ partition }, place) => partitionIn(asked, partition, place) === undefined)
      .map(({ partition }) => partition);
    return partitions.length > 0 ? [{ topic: held.topic, partitions }] : [];
  });
