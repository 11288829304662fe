/** One partition under one assignment; made by `Scheduler.lane`. */
export interface Lane {
  readonly held: number;
  readonly dropped: boolean;
}

/** A piece of work. It holds a slot from `take` to `finish` or `postpone`. */
export interface Task<T> {
  readonly item: T;
}

interface OpenLane<T> extends Lane {
  held: number;
  dropped: boolean;
  /** Last task of each key that has unfinished ones. */
  readonly tails: Map<string, Node<T>>;
}

interface Node<T> extends Task<T> {
  readonly lane: OpenLane<T>;
  readonly key: string | undefined;
  state: 'waiting' | 'ready' | 'running' | 'postponed' | 'finished';
  /** The task of the same key that waits for this one. */
  follower: Node<T> | undefined;
  /** The next one in the ready list. */
  next: Node<T> | undefined;
}

/**
 * Decides what runs next, and knows nothing of time, promises or logs.
 *
 * With order `key` the tasks of one key in one lane form a chain: one is under way, the others wait behind it, also
 * while it is postponed. Everything else is handed out in the order in which it came, as slots allow. State hangs on
 * the lane: when a partition is lost and assigned anew it is another lane, and what the old one still has under way
 * gives its slot back and changes nothing else.
 */
export class Scheduler<T> {
  readonly #slots: number;
  readonly #chained: boolean;
  #head: Node<T> | undefined;
  #tail: Node<T> | undefined;
  #running = 0;
  #held = 0;

  constructor(slots: number, order: 'key' | 'none') {
    this.#slots = slots;
    this.#chained = order === 'key';
  }

  /** Tasks that hold a slot. */
  get running(): number {
    return this.#running;
  }

  /** Tasks that are not finished: waiting, running and postponed ones. */
  get held(): number {
    return this.#held;
  }

  lane(): Lane {
    const lane: OpenLane<T> = { held: 0, dropped: false, tails: new Map() };
    return lane;
  }

  /** Does nothing when the lane was dropped. What has no key waits for nothing, whatever the order. */
  add(lane: Lane, key: string | undefined, item: T): void {
    const open = lane as OpenLane<T>;
    if (open.dropped) return;
    open.held += 1;
    this.#held += 1;
    const node: Node<T> = { lane: open, key, item, state: 'ready', follower: undefined, next: undefined };
    const before = this.#isChained(key) ? open.tails.get(key) : undefined;
    if (this.#isChained(key)) open.tails.set(key, node);
    if (before === undefined) {
      this.#append(node);
    } else {
      node.state = 'waiting';
      before.follower = node;
    }
  }

  /** The next task, which takes a slot; undefined when no slot is free or nothing may run. */
  take(): Task<T> | undefined {
    if (this.#running >= this.#slots) return undefined;
    const node = this.#shift();
    if (node === undefined) return undefined;
    node.state = 'running';
    this.#running += 1;
    return node;
  }

  /** Gives the slot back; the next task of the key may run. Throws when the task is not running. */
  finish(task: Task<T>): void {
    const { lane, key, follower } = this.#stop(task, 'finished');
    if (lane.dropped) return;
    lane.held -= 1;
    this.#held -= 1;
    if (follower !== undefined) {
      follower.state = 'ready';
      this.#append(follower);
    } else if (this.#isChained(key)) {
      lane.tails.delete(key);
    }
  }

  /** Gives the slot back and keeps the key: nothing behind the task runs. Throws when the task is not running. */
  postpone(task: Task<T>): void {
    this.#stop(task, 'postponed');
  }

  /** Lets a postponed task run again, before all others. Does nothing when it is not postponed. */
  resume(task: Task<T>): void {
    const node = task as Node<T>;
    if (node.lane.dropped || node.state !== 'postponed') return;
    node.state = 'ready';
    node.next = this.#head;
    this.#head = node;
    this.#tail ??= node;
  }

  /** Forgets all tasks of the lane; those that run keep their slot until they finish. */
  drop(lane: Lane): void {
    const open = lane as OpenLane<T>;
    this.#held -= open.held;
    open.held = 0;
    open.dropped = true;
    open.tails.clear();
  }

  #isChained(key: string | undefined): key is string {
    return this.#chained && key !== undefined;
  }

  #stop(task: Task<T>, state: 'finished' | 'postponed'): Node<T> {
    const node = task as Node<T>;
    if (node.state !== 'running') throw new Error(`a task that is ${node.state} cannot be ${state}`);
    node.state = state;
    this.#running -= 1;
    return node;
  }

  #append(node: Node<T>): void {
    if (this.#tail === undefined) this.#head = node;
    else this.#tail.next = node;
    this.#tail = node;
  }

  /** The first ready node whose lane is still there. */
  #shift(): Node<T> | undefined {
    for (;;) {
      const node = this.#head;
      if (node === undefined) return undefined;
      this.#head = node.next;
      if (this.#head === undefined) this.#tail = undefined;
      node.next = undefined;
      if (!node.lane.dropped) return node;
    }
  }
}
