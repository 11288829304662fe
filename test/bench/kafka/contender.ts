/** A message, as far as the work on it needs to know. */
export interface Item {
  readonly id: string;
  readonly key: string;
  /** Milliseconds since the epoch when it was published. */
  readonly publishedMs: number;
}

/** What there is to do for one message. Rejects when it cannot be done. */
export type Work = (item: Item) => Promise<void>;

export interface Setting {
  readonly broker: string;
  /** Where all of it begins; read from the beginning by a group that is new. */
  readonly topic: string;
  readonly work: Work;
  /** Messages in flight at once, where the contender has such a bound. */
  readonly slots: number;
  /** Whether each message leads to one on `FORWARD_TOPIC`. */
  readonly forward: boolean;
}

interface Running {
  /** Whether nothing is left to do; for those that can tell. */
  idle(): boolean;
  stop(): Promise<void>;
}

/** One way to consume a topic. */
export interface Contender {
  readonly name: string;
  start(setting: Setting): Promise<Running>;
}

/** Topic of the events that answer messages. */
export const FORWARD_TOPIC = 'step.completed';
