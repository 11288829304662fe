import type { BusRecord } from '../bus.js';
import { type Commit, type Delivery, GroupMember, type TopicPartition } from '../kafka/group-member.js';
import type { Task } from '../scheduler.js';

export const TOPIC = 't';
const SESSION_MS = 60;

export const assert = (holds: boolean, words: string): void => {
  if (!holds) throw new Error(words);
};

/** What a member sees of the log, its group and chance. */
export interface World {
  readonly order: 'key' | 'none';
  readonly logs: readonly (readonly BusRecord[])[];
  /** Offsets of each partition whose records are done, whoever did them. */
  readonly handled: readonly Set<number>[];
  readonly committed: readonly number[];
  readonly counts: { rejections: number; failedCommits: number; runsAgain: number };
  readonly generation: number;
  /** False while partitions are shared out anew. */
  readonly stable: boolean;
  /** Nothing goes wrong any more. */
  readonly calm: boolean;
  readonly outage: boolean;
  chance(probability: number): boolean;
  between(low: number, high: number): number;
  after(ms: number, act: () => void): void;
  join(member: SimulatedMember): void;
  remove(member: SimulatedMember): void;
  /** Whether the coordinator took it. */
  commit(member: SimulatedMember, generation: number, commit: Commit): boolean;
}

/** What a member does with one partition for as long as it keeps it. */
interface Tenure {
  readonly finished: Set<number>;
  readonly running: Map<string, number>;
  committed: number;
}

/** One member: the core under test, wired as the subscription wires it, and the log's idea of what it may do. */
export class SimulatedMember {
  readonly #world: World;
  readonly #slots: number;
  readonly #core: GroupMember;
  readonly #paused = new Set<number>();
  /** Where reading goes on. */
  #positions = new Map<number, number>();
  /** Of each partition that it keeps: what it finished, what runs, what it committed. */
  #tenures = new Map<number, Tenure>();
  #generation = 0;
  #gone = false;
  #joining = false;

  constructor(world: World) {
    this.#world = world;
    this.#slots = world.between(1, 6);
    const [records, bytes] = [world.between(1, 20), world.between(500, 5_000)];
    this.#core = new GroupMember({ slots: this.#slots, order: world.order, records, bytes });
  }

  live(): void {
    this.#fetch();
    this.#commitInTurn();
  }

  crash(): void {
    this.#gone = true;
    this.#world.after(SESSION_MS, () => this.#world.remove(this));
  }

  leave(): void {
    this.#core.stop();
    this.#pump();
    this.#leaveWhenIdle();
  }

  noticed(): void {
    if (this.#gone || this.#joining || this.#world.stable) return;
    this.#joining = true;
    const commit = this.#core.revoke();
    const delay = this.#send(commit);
    this.#world.after(delay, () => !this.#gone && this.#world.join(this));
  }

  assigned(generation: number, partitions: readonly number[]): void {
    if (this.#gone) return;
    // The next rebalance came before this assignment did: whatever happened in this generation is not known here.
    if (generation !== this.#world.generation || !this.#world.stable) {
      if (!this.#world.stable) this.#world.join(this);
      return;
    }
    this.#joining = false;
    this.#generation = generation;
    const before = this.#tenures;
    this.#tenures = new Map(
      partitions.map((partition) => {
        const fresh = { finished: new Set<number>(), running: new Map<string, number>(), committed: -1 };
        return [partition, before.get(partition) ?? fresh];
      }),
    );
    this.#positions = new Map(partitions.map((each) => [each, this.#world.committed[each] ?? 0]));
    this.#core.assign(partitions.map((partition): TopicPartition => ({ topic: TOPIC, partition })));
    this.#pump();
  }

  #fetch(): void {
    this.#world.after(this.#world.between(2, 12), () => {
      if (this.#gone) return;
      if (!this.#joining) for (const partition of this.#positions.keys()) this.#fetchOne(partition);
      this.#fetch();
    });
  }

  #fetchOne(partition: number): void {
    if (this.#paused.has(partition)) return;
    const log = this.#world.logs[partition] ?? [];
    const from = this.#positions.get(partition) ?? 0;
    const records = log.filter(({ offset }) => offset >= from).slice(0, this.#world.between(1, 12));
    const last = records.at(-1);
    if (last === undefined) return;
    const end = (log.at(-1)?.offset ?? 0) + 1;
    const taken = this.#core.take({ topic: TOPIC, partition, records, next: last.offset + 1, end });
    if (taken) this.#positions.set(partition, last.offset + 1);
    this.#pump();
  }

  #pump(): void {
    for (let task = this.#core.start(); task !== undefined; task = this.#core.start()) this.#run(task);
    const { pause, resume } = this.#core.flow();
    for (const { partition } of pause) this.#paused.add(partition);
    for (const { partition } of resume) this.#paused.delete(partition);
  }

  #run(task: Task<Delivery>): void {
    const { partition, offset, key } = task.item.record;
    const tenure = this.#tenures.get(partition);
    assert(!this.#core.revoking, 'something started during a rebalance');
    assert(this.#core.inFlight <= this.#slots, 'there are more in flight than slots');
    assert(tenure !== undefined, `partition ${partition} is worked on by one that has lost it`);
    assert(tenure?.finished.has(offset) === false, `offset ${offset} runs again where it was done`);
    if (this.#world.order === 'key' && key !== '') {
      const [running, last] = [tenure?.running.get(key), Math.max(-1, ...this.#finishedOf(partition, key))];
      assert(running === undefined, `key ${key} runs twice at once, at ${running} and ${offset}`);
      assert(last < offset, `offset ${offset} of key ${key} runs after ${last}`);
    }
    tenure?.running.set(key, offset);
    const ms = this.#world.chance(0.05) ? this.#world.between(100, 300) : this.#world.between(1, 15);
    this.#world.after(ms, () => this.#complete(task, tenure));
  }

  #finishedOf(partition: number, key: string): readonly number[] {
    const finished = this.#tenures.get(partition)?.finished ?? new Set();
    const log = this.#world.logs[partition] ?? [];
    return log.filter((entry) => entry.key === key && finished.has(entry.offset)).map(({ offset }) => offset);
  }

  #complete(task: Task<Delivery>, tenure: Tenure | undefined): void {
    if (this.#gone) return;
    const { record: done, failures } = task.item;
    tenure?.running.delete(done.key);
    const { outage } = this.#world;
    if (outage || (!this.#world.calm && this.#world.chance(0.1))) {
      this.#world.counts.rejections += 1;
      this.#core.reject(task, outage);
      this.#world.after(Math.min(80, 5 * 2 ** failures), () => {
        if (this.#gone) return;
        this.#core.due(task);
        this.#pump();
      });
    } else {
      if (!this.#core.isLost(task)) this.#note(done, tenure);
      this.#core.finish(task);
    }
    this.#pump();
  }

  #note({ partition, offset }: BusRecord, tenure: Tenure | undefined): void {
    assert(
      this.#tenures.get(partition) === tenure,
      'a late end of one that lost its partition has an effect',
    );
    const handled = this.#world.handled[partition];
    if (handled?.has(offset) === true) this.#world.counts.runsAgain += 1;
    handled?.add(offset);
    tenure?.finished.add(offset);
  }

  #commitInTurn(): void {
    this.#world.after(10, () => {
      if (this.#gone) return;
      this.#send(this.#core.commit());
      this.#commitInTurn();
    });
  }

  /** Sends a commit; returns the milliseconds until the coordinator has it. */
  #send(commit: Commit | undefined): number {
    if (commit === undefined) return 0;
    for (const { partition, offset } of commit.offsets) {
      const tenure = this.#tenures.get(partition);
      assert(tenure !== undefined, `partition ${partition} is committed by one that has lost it`);
      if (tenure === undefined) continue;
      assert(offset >= tenure.committed, `a commit goes back from ${tenure.committed} to ${offset}`);
      tenure.committed = offset;
    }
    const [delay, generation] = [this.#world.between(0, 25), this.#generation];
    this.#world.after(delay, () => {
      const arrives = this.#world.calm || this.#world.chance(0.85);
      const durable = arrives && this.#world.commit(this, generation, commit);
      const heard = this.#world.calm || this.#world.chance(0.9);
      if (!durable) this.#world.counts.failedCommits += 1;
      this.#world.after(this.#world.between(0, 25), () => this.#core.committed(commit, durable && heard));
    });
    return delay;
  }

  #leaveWhenIdle(): void {
    this.#world.after(5, () => {
      if (this.#gone) return;
      if (this.#core.inFlight > 0 || this.#joining) {
        this.#leaveWhenIdle();
        return;
      }
      this.#world.after(this.#send(this.#core.commit()), () => {
        this.#gone = true;
        this.#world.remove(this);
      });
    });
  }
}
