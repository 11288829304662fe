import type { BusRecord } from '../bus.js';
import type { Commit } from '../kafka/group-member.js';
import { record } from './record.js';
import { assert, SimulatedMember, TOPIC, type World } from './simulated-member.js';

/** Numbers that look random and are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** From then on nothing goes wrong any more, and everything must get done. */
const CALM_AT = 1_500;
const END_AT = 6_000;

/** What one run came to; its interest lies in that it did not throw. */
export interface Simulated {
  readonly rebalances: number;
  readonly rejections: number;
  readonly failedCommits: number;
  readonly runsAgain: number;
}

/**
 * One random history of a consumer group on a log in memory, in virtual time: members that join, leave and crash,
 * handlers that are slow, reject or meet an outage, commits that fail, come late, or succeed unheard. Throws at the
 * first thing that must never be.
 */
export function simulate(seed: number): Simulated {
  return new Simulation(seed).run();
}

class Simulation implements World {
  readonly random: () => number;
  readonly logs: readonly (readonly BusRecord[])[];
  readonly committed: number[];
  readonly handled: readonly Set<number>[];
  readonly order: 'key' | 'none';
  readonly counts = { rebalances: 0, rejections: 0, failedCommits: 0, runsAgain: 0 };
  readonly #queue: { at: number; act: () => void }[] = [];
  readonly #outages: readonly { from: number; to: number }[];
  readonly #joined = new Set<SimulatedMember>();
  #members: SimulatedMember[] = [];
  #owners: SimulatedMember[] = [];
  now = 0;
  generation = 0;
  stable = true;

  constructor(seed: number) {
    this.random = randomOf(seed);
    this.order = this.chance(0.7) ? 'key' : 'none';
    this.logs = Array.from({ length: this.between(1, 4) }, (_, partition) => this.#logOf(partition));
    this.committed = this.logs.map(() => 0);
    this.handled = this.logs.map(() => new Set());
    this.#outages = Array.from({ length: this.between(0, 2) }, () => {
      const from = this.between(0, CALM_AT - 200);
      return { from, to: from + this.between(20, 200) };
    });
  }

  run(): Simulated {
    for (let count = this.between(1, 3); count > 0; count -= 1) this.#join();
    this.#disturb();
    while (!this.#isDone()) {
      const next = this.#queue.shift();
      if (next === undefined || next.at > END_AT)
        throw new Error(`not everything got done: ${this.#state()}`);
      this.now = next.at;
      next.act();
    }
    return this.counts;
  }

  get calm(): boolean {
    return this.now >= CALM_AT;
  }

  get outage(): boolean {
    return this.#outages.some(({ from, to }) => from <= this.now && this.now < to);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  after(ms: number, act: () => void): void {
    const at = this.now + ms;
    let index = this.#queue.length;
    while (index > 0 && (this.#queue[index - 1]?.at ?? 0) > at) index -= 1;
    this.#queue.splice(index, 0, { at, act });
  }

  /** A commit as it reaches the coordinator, which looks at the generation and at nothing else. */
  commit(member: SimulatedMember, generation: number, { offsets }: Commit): boolean {
    if (generation !== this.generation) return false;
    for (const { partition, offset } of offsets) {
      assert(
        this.#owners[partition] === member,
        `partition ${partition} was committed by one that has lost it`,
      );
      const skipped = this.logs[partition]?.find(
        (entry) => entry.offset < offset && !this.handled[partition]?.has(entry.offset),
      );
      assert(skipped === undefined, `offset ${offset} was committed, and ${skipped?.offset} is not done`);
      this.committed[partition] = offset;
    }
    return true;
  }

  /** A member is ready for the next generation. */
  join(member: SimulatedMember): void {
    this.#joined.add(member);
    this.#shareOut();
  }

  /** The next generation, once all are ready for it. */
  #shareOut(): void {
    if (this.stable || this.#members.some((each) => !this.#joined.has(each))) return;
    this.generation += 1;
    this.stable = true;
    this.#joined.clear();
    const sticky = this.chance(0.6);
    this.#owners = this.logs.map((_, partition) => {
      const owner = this.#owners[partition];
      if (sticky && owner !== undefined && this.#members.includes(owner)) return owner;
      return this.#members[this.between(0, this.#members.length - 1)] as SimulatedMember;
    });
    const { generation } = this;
    for (const each of this.#members) {
      const partitions = [...this.#owners.keys()].filter((partition) => this.#owners[partition] === each);
      this.after(this.between(0, 20), () => each.assigned(generation, partitions));
    }
  }

  remove(member: SimulatedMember): void {
    if (!this.#members.includes(member)) return;
    this.#members = this.#members.filter((each) => each !== member);
    this.#joined.delete(member);
    if (this.#members.length === 0) this.#join();
    else this.#rebalance();
    this.#shareOut();
  }

  #join(): void {
    const member = new SimulatedMember(this);
    this.#members.push(member);
    this.#rebalance();
    member.live();
  }

  #rebalance(): void {
    if (this.stable) {
      this.stable = false;
      this.counts.rebalances += 1;
    }
    for (const member of this.#members) this.after(this.between(0, 30), () => member.noticed());
  }

  #disturb(): void {
    this.after(this.between(20, 300), () => {
      if (this.calm) return;
      const member = this.#members[this.between(0, this.#members.length - 1)];
      const dice = this.random();
      if (dice < 0.25) this.#join();
      else if (dice < 0.5) this.#rebalance();
      else if (dice < 0.75) member?.crash();
      else member?.leave();
      this.#disturb();
    });
  }

  #logOf(partition: number): readonly BusRecord[] {
    let offset = this.between(0, 3);
    return Array.from({ length: this.between(0, 40) }, () => {
      offset += this.chance(0.2) ? this.between(2, 5) : 1;
      const key = this.chance(0.1) ? '' : `${this.between(0, 4)}`;
      return record({ topic: TOPIC, partition, offset, key, value: new Uint8Array(this.between(0, 200)) });
    });
  }

  #isDone(): boolean {
    return this.logs.every((log, partition) => {
      const last = log.at(-1);
      return last === undefined || (this.committed[partition] ?? 0) > last.offset;
    });
  }

  #state(): string {
    return JSON.stringify({
      committed: this.committed,
      ends: this.logs.map((log) => log.at(-1)?.offset),
      handled: this.handled.map((offsets) => offsets.size),
    });
  }
}
