import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetTracker } from './offset-tracker.js';
import { type Lane, Scheduler, type Task } from './scheduler.js';

const drained = <T>(scheduler: Scheduler<T>): Task<T>[] => {
  const tasks: Task<T>[] = [];
  for (let task = scheduler.take(); task !== undefined; task = scheduler.take()) tasks.push(task);
  return tasks;
};
const items = <T>(tasks: readonly Task<T>[]): readonly T[] => tasks.map(({ item }) => item);

describe('scheduler', () => {
  it.each<[string, 'key' | 'none', number, readonly string[]]>([
    ['one task a key', 'key', 10, ['a1', 'b1']],
    ['everything where no order is asked for', 'none', 10, ['a1', 'a2', 'b1', 'a3']],
    ['no more than there are slots', 'none', 2, ['a1', 'a2']],
  ])('hands out %s', (_, order, slots, wanted) => {
    const scheduler = new Scheduler<string>(slots, order);
    const lane = scheduler.lane();
    for (const item of ['a1', 'a2', 'b1', 'a3']) scheduler.add(lane, item.charAt(0), item);
    expect(items(drained(scheduler))).toEqual(wanted);
    expect([scheduler.running, scheduler.held]).toEqual([wanted.length, 4]);
  });

  it('runs the next of a key once the one before it is finished', () => {
    const scheduler = new Scheduler<string>(1, 'key');
    const lane = scheduler.lane();
    for (const item of ['a1', 'a2', 'b1']) scheduler.add(lane, item.charAt(0), item);
    const order: string[] = [];
    for (let task = scheduler.take(); task !== undefined; task = scheduler.take()) {
      order.push(task.item);
      scheduler.finish(task);
    }
    expect(order).toEqual(['a1', 'b1', 'a2']);
    expect([scheduler.running, scheduler.held]).toEqual([0, 0]);
  });

  it('lets what has no key wait for nothing', () => {
    const scheduler = new Scheduler<string>(9, 'key');
    const lane = scheduler.lane();
    for (const item of ['one', 'two']) scheduler.add(lane, undefined, item);
    const [first] = drained(scheduler);
    scheduler.postpone(first as Task<string>);
    scheduler.add(lane, undefined, 'three');
    expect(items(drained(scheduler))).toEqual(['three']);
    expect(scheduler.held).toBe(3);
  });

  it('treats one key in two lanes as two', () => {
    const scheduler = new Scheduler<string>(9, 'key');
    scheduler.add(scheduler.lane(), 'a', 'here');
    scheduler.add(scheduler.lane(), 'a', 'there');
    expect(items(drained(scheduler))).toEqual(['here', 'there']);
  });

  it('keeps the key and frees the slot of a postponed task, and runs it first when it is resumed', () => {
    const scheduler = new Scheduler<string>(1, 'key');
    const lane = scheduler.lane();
    for (const item of ['a1', 'a2', 'b1', 'c1']) scheduler.add(lane, item.charAt(0), item);
    const first = scheduler.take() as Task<string>;
    scheduler.postpone(first);
    const second = scheduler.take() as Task<string>;
    expect(second.item).toBe('b1');
    scheduler.resume(first);
    scheduler.resume(first);
    scheduler.finish(second);
    const order: string[] = [];
    for (let task = scheduler.take(); task !== undefined && order.length < 9; task = scheduler.take()) {
      order.push(task.item);
      scheduler.finish(task);
    }
    expect(order).toEqual(['a1', 'c1', 'a2']);
  });

  it('forgets a dropped lane, whose running task only gives its slot back', () => {
    const scheduler = new Scheduler<string>(2, 'key');
    const lost = scheduler.lane();
    const kept = scheduler.lane();
    for (const item of ['a1', 'a2', 'b1', 'c1']) scheduler.add(lost, item.charAt(0), item);
    scheduler.add(kept, 'd', 'd1');
    const [running, postponed] = drained(scheduler) as [Task<string>, Task<string>];
    scheduler.postpone(postponed);
    scheduler.drop(lost);
    scheduler.add(lost, 'e', 'e1');
    expect([scheduler.running, scheduler.held]).toEqual([1, 1]);
    scheduler.resume(postponed);
    scheduler.finish(running);
    expect(items(drained(scheduler))).toEqual(['d1']);
    expect([scheduler.running, scheduler.held]).toEqual([1, 1]);
  });

  it('refuses to finish what does not run', () => {
    const scheduler = new Scheduler<string>(1, 'key');
    scheduler.add(scheduler.lane(), 'a', 'a1');
    const task = scheduler.take() as Task<string>;
    scheduler.finish(task);
    expect(() => scheduler.finish(task)).toThrow('finished');
  });
});

interface Partition {
  lane: Lane;
  tracker: OffsetTracker<number>;
  /** First offset that is not committed; what a new assignment starts from. */
  committed: number;
  /** Offsets that were done under any assignment. */
  readonly done: Set<number>;
}

interface Work {
  readonly partition: Partition;
  readonly lane: Lane;
  readonly tracker: OffsetTracker<number>;
  readonly key: string;
  readonly offset: number;
}

/** A consumer in miniature: partitions of keyed records, run in random order with failures and reassignments. */
class Simulation {
  readonly scheduler: Scheduler<Work>;
  readonly partitions: readonly Partition[];
  readonly running: Task<Work>[] = [];
  readonly postponed: Task<Work>[] = [];

  constructor(
    slots: number,
    readonly logs: readonly (readonly string[])[],
  ) {
    this.scheduler = new Scheduler(slots, 'key');
    this.partitions = logs.map(() => ({
      lane: this.scheduler.lane(),
      tracker: new OffsetTracker<number>(0),
      committed: 0,
      done: new Set(),
    }));
    for (const partition of this.partitions) this.#load(partition);
  }

  #load(partition: Partition): void {
    const { lane, tracker, committed } = partition;
    const log = this.logs[this.partitions.indexOf(partition)] as readonly string[];
    for (let offset = committed; offset < log.length; offset += 1) {
      const key = log[offset] as string;
      tracker.add(offset, offset);
      this.scheduler.add(lane, key, { partition, lane, tracker, key, offset });
    }
  }

  start(): void {
    for (let task = this.scheduler.take(); task !== undefined; task = this.scheduler.take()) {
      const { lane, key } = task.item;
      const rivals = [...this.running, ...this.postponed].filter(
        ({ item }) => item.lane === lane && item.key === key,
      );
      expect(rivals).toEqual([]);
      this.running.push(task);
    }
  }

  finish(choice: number): void {
    const [task] = this.running.splice(choice % this.running.length, 1) as [Task<Work>];
    const { partition, tracker, offset } = task.item;
    tracker.done(offset);
    partition.done.add(offset);
    this.scheduler.finish(task);
  }

  fail(choice: number): void {
    const [task] = this.running.splice(choice % this.running.length, 1) as [Task<Work>];
    this.scheduler.postpone(task);
    if (!task.item.lane.dropped) this.postponed.push(task);
  }

  resume(choice: number): void {
    const [task] = this.postponed.splice(choice % this.postponed.length, 1) as [Task<Work>];
    this.scheduler.resume(task);
  }

  commit(): void {
    for (const partition of this.partitions) {
      const offset = partition.tracker.unsaved();
      if (offset === undefined) continue;
      expect(offset).toBeGreaterThan(partition.committed);
      for (let below = 0; below < offset; below += 1) expect(partition.done.has(below)).toBe(true);
      partition.committed = offset;
      partition.tracker.saved(offset);
    }
  }

  reassign(choice: number): void {
    const partition = this.partitions[choice % this.partitions.length] as Partition;
    this.scheduler.drop(partition.lane);
    this.postponed.splice(0, Infinity, ...this.postponed.filter(({ item }) => !item.lane.dropped));
    partition.lane = this.scheduler.lane();
    partition.tracker = new OffsetTracker(partition.committed);
    this.#load(partition);
  }

  step(choice: number): void {
    const kind = choice % 10;
    if (kind === 0) this.reassign(choice >> 4);
    else if (kind === 1) this.commit();
    else if (kind <= 3 && this.running.length > 0) this.fail(choice >> 4);
    else if (kind <= 5 && this.postponed.length > 0) this.resume(choice >> 4);
    else if (this.running.length > 0) this.finish(choice >> 4);
    this.start();
  }

  end(): void {
    this.start();
    while (this.running.length > 0 || this.postponed.length > 0) {
      if (this.postponed.length > 0) this.resume(0);
      this.start();
      this.finish(0);
      this.start();
    }
    this.commit();
  }
}

it('does every record, one at a time a key, and commits nothing that is not done, whatever happens', () => {
  const log = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 25 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(log, { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 200 }),
      (slots, logs, choices) => {
        const simulation = new Simulation(slots, logs);
        simulation.start();
        for (const choice of choices) {
          simulation.step(choice);
          expect(simulation.scheduler.running).toBe(simulation.running.length);
          expect(simulation.running.length).toBeLessThanOrEqual(slots);
        }
        simulation.end();
        expect(simulation.partitions.map(({ committed }) => committed)).toEqual(logs.map((l) => l.length));
        expect([simulation.scheduler.running, simulation.scheduler.held]).toEqual([0, 0]);
      },
    ),
    { numRuns: 300 },
  );
});
