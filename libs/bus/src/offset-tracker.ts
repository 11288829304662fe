/**
 * What is unfinished in one partition under one assignment.
 *
 * A commit says "everything below this offset is done", and records finish in any order, so the only value that may
 * be committed is the lowest unfinished one: never anything derived from what was read. A partition that is assigned
 * anew gets a tracker of its own, so a late completion from before cannot move it.
 */
export class OffsetTracker<T> {
  /** In order of insertion, which is the order of the offsets: the first entry is the lowest unfinished one. */
  readonly #unfinished = new Map<number, T>();
  #next: number;
  #saved: number;

  /** `from`: the first offset that is not done. */
  constructor(from: number) {
    this.#next = from;
    this.#saved = from;
  }

  /** Takes a record in. Throws RangeError unless the offset lies above all that were known of before. */
  add(offset: number, item: T): void {
    if (offset < this.#next) throw new RangeError(`offset ${offset} was passed: ${this.#next} is expected`);
    this.#unfinished.set(offset, item);
    this.#next = offset + 1;
  }

  /** Marks a record as done; does nothing when it is not unfinished. */
  done(offset: number): void {
    this.#unfinished.delete(offset);
  }

  /** Says that no record below `offset` will come any more: what lies there is a gap. Never goes back. */
  advance(offset: number): void {
    this.#next = Math.max(this.#next, offset);
  }

  /** Lowest unfinished offset, or the next one expected when all is done. Never goes back. */
  committable(): number {
    for (const offset of this.#unfinished.keys()) return offset;
    return this.#next;
  }

  /** What to commit; undefined when it is committed. Value and verdict in one step, so that they cannot disagree. */
  unsaved(): number | undefined {
    const offset = this.committable();
    return offset > this.#saved ? offset : undefined;
  }

  /** Notes that `offset` is committed durably. */
  saved(offset: number): void {
    this.#saved = Math.max(this.#saved, offset);
  }

  /** The unfinished records, lowest offset first. */
  unfinished(): Iterable<T> {
    return this.#unfinished.values();
  }

  get pending(): number {
    return this.#unfinished.size;
  }

  /** The offset above all that is known of. */
  get next(): number {
    return this.#next;
  }
}
