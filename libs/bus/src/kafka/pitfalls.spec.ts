import { describe, expect, it } from 'vitest';
import type { Task } from '../scheduler.js';
import { record } from '../testing/record.js';
import { type Delivery, GroupMember, type MemberLimits } from './group-member.js';

const place = (partition: number) => ({ topic: 't', partition });

/** A member that owns partition 0. */
function member(over: Partial<MemberLimits> = {}): GroupMember {
  const made = new GroupMember({ slots: 10, order: 'key', records: 100, bytes: 100_000, ...over });
  made.assign([place(0)]);
  return made;
}

/** Takes records of partition 0 in: offsets, or pairs of offset and key. */
function take(to: GroupMember, entries: readonly (number | [number, string])[], over: object = {}): boolean {
  const records = entries.map((entry) => {
    const [offset, key] = typeof entry === 'number' ? [entry, `key ${entry}`] : entry;
    return record({ topic: 't', partition: 0, offset, key });
  });
  const next = (records.at(-1)?.offset ?? -1) + 1;
  return to.take({ ...place(0), records, next, end: next, ...over });
}

function startAll(from: GroupMember): Task<Delivery>[] {
  const started: Task<Delivery>[] = [];
  for (let task = from.start(); task !== undefined; task = from.start()) started.push(task);
  return started;
}

const offsetsOf = (tasks: readonly Task<Delivery>[]): number[] =>
  tasks.map((task) => task.item.record.offset);
const committedBy = (of: GroupMember): readonly number[] | undefined =>
  of.commit()?.offsets.map(({ offset }) => offset);

describe('commit past unfinished', () => {
  it('commits the lowest unfinished offset, whatever finished above it', () => {
    const one = member();
    take(one, [5, 6, 7]);
    const tasks = startAll(one);
    for (const task of tasks.slice(1)) one.finish(task);
    expect(one.commit()).toBeUndefined();
    one.finish(tasks[0] as Task<Delivery>);
    expect(committedBy(one)).toEqual([8]);
  });

  it('has one commit under way, and commits anew what a failed one had', () => {
    const one = member();
    take(one, [0, 1]);
    const [first, second] = startAll(one);
    one.finish(first as Task<Delivery>);
    const commit = one.commit();
    one.finish(second as Task<Delivery>);
    expect([commit?.offsets[0]?.offset, one.commit()]).toEqual([1, undefined]);
    one.committed(commit as NonNullable<typeof commit>, false);
    expect(committedBy(one)).toEqual([2]);
  });
});

describe('commit after revoke, of an old epoch, or after stop', () => {
  it('gives the last commit with the revocation, and none until the next assignment', () => {
    const one = member();
    take(one, [0, 1]);
    const [first, second] = startAll(one);
    one.finish(first as Task<Delivery>);
    const last = one.revoke();
    expect(last?.offsets[0]?.offset).toBe(1);
    one.committed(last as NonNullable<typeof last>, true);
    one.finish(second as Task<Delivery>);
    expect(one.commit()).toBeUndefined();
  });

  it('never commits what it has lost, nor lets an old commit count for the successor', () => {
    const one = member();
    take(one, [0]);
    one.finish(startAll(one)[0] as Task<Delivery>);
    const commit = one.revoke();
    one.assign([place(1)]);
    one.assign([place(0), place(1)]);
    take(one, [0]);
    one.committed(commit as NonNullable<typeof commit>, true);
    one.finish(startAll(one)[0] as Task<Delivery>);
    expect(one.commit()?.offsets).toEqual([{ ...place(0), offset: 1 }]);
  });

  it('commits what finishes after it was stopped', () => {
    const one = member();
    take(one, [0]);
    const [task] = startAll(one);
    one.stop();
    one.finish(task as Task<Delivery>);
    expect(committedBy(one)).toEqual([1]);
  });
});

describe('stale completion marking a new epoch', () => {
  it.each(['finish', 'reject'] as const)('does nothing on %s but to give its slot back', (end) => {
    const one = member({ slots: 1 });
    take(one, [0, 1]);
    const [stale] = startAll(one);
    one.revoke();
    one.assign([]);
    one.assign([place(0)]);
    take(one, [0, 1]);
    expect(startAll(one)).toEqual([]);
    if (end === 'finish') one.finish(stale as Task<Delivery>);
    else one.reject(stale as Task<Delivery>, true);
    one.due(stale as Task<Delivery>);
    expect([one.commit(), one.isLost(stale as Task<Delivery>), one.lag]).toEqual([undefined, true, 2]);
    expect(offsetsOf(startAll(one))).toEqual([0]);
  });
});

describe('re-fetched offset double-run on a retained partition', () => {
  it('skips what it holds or has done, and takes the rest', () => {
    const one = member();
    take(one, [0, 1, 2]);
    const [first] = startAll(one);
    one.finish(first as Task<Delivery>);
    one.revoke();
    one.assign([place(0), place(1)]);
    take(one, [0, 1, 2, 3]);
    expect(offsetsOf(startAll(one))).toEqual([3]);
    expect(one.lag).toBe(3);
  });

  it('begins anew when the log was made anew under the same name', () => {
    const one = member();
    take(one, [10, 11]);
    const old = startAll(one);
    take(one, [0, 1]);
    expect(offsetsOf(startAll(one))).toEqual([0, 1]);
    for (const task of old) one.finish(task);
    expect(one.commit()).toBeUndefined();
  });

  it('refuses a batch of a partition that is not its own', () => {
    expect(member().take({ ...place(1), records: [], next: 1, end: 1 })).toBe(false);
  });
});

describe('rebalance', () => {
  it('starts nothing between its news and the next assignment', () => {
    const one = member();
    take(one, [0]);
    one.revoke();
    expect(startAll(one)).toEqual([]);
    one.assign([place(0)]);
    expect(offsetsOf(startAll(one))).toEqual([0]);
  });

  it('tells again after an assignment what is paused: a consumer that started anew does not know', () => {
    const one = member({ records: 2 });
    take(one, [0, 1]);
    expect(one.flow().pause).toMatchObject([place(0)]);
    expect(one.flow()).toEqual({ pause: [], resume: [] });
    one.assign([place(0), place(1)]);
    expect(one.flow()).toMatchObject({ pause: [place(0)], resume: [place(1)] });
  });
});

describe('memory', () => {
  it.each<[string, Partial<MemberLimits>]>([
    ['so many records', { records: 4 }],
    ['so many bytes', { bytes: 1_200 }],
  ])('pauses a partition at %s and resumes it at half of that', (_, limits) => {
    const one = member(limits);
    one.flow();
    take(one, [0, 1, 2, 3]);
    expect(one.flow().pause).toMatchObject([place(0)]);
    const tasks = startAll(one);
    one.finish(tasks[0] as Task<Delivery>);
    expect(one.flow()).toEqual({ pause: [], resume: [] });
    one.finish(tasks[1] as Task<Delivery>);
    expect(one.flow().resume).toMatchObject([place(0)]);
  });

  it('gives each partition an equal share of the bytes', () => {
    const one = member({ bytes: 1_200 });
    one.assign([place(0), place(1)]);
    one.flow();
    take(one, [0, 1]);
    expect(one.flow().pause).toMatchObject([place(0)]);
  });

  it('pauses everything once it is stopped', () => {
    const one = member();
    one.flow();
    one.stop();
    expect(one.flow().pause).toMatchObject([place(0)]);
  });
});

describe('compacted and control-record offset gaps', () => {
  it('passes over them, also at the end of the log', () => {
    const one = member();
    take(one, [3, 9], { next: 12, end: 12 });
    for (const task of startAll(one)) one.finish(task);
    expect([one.lag, committedBy(one)]).toEqual([0, [12]]);
  });

  it('commits a gap that nothing came before', () => {
    const one = member();
    take(one, [], { next: 4, end: 4 });
    take(one, [], { next: 6, end: 6 });
    expect([one.lag, committedBy(one)]).toEqual([0, [6]]);
  });
});

describe('null key', () => {
  it('has no order: one that is postponed holds up no other', () => {
    const one = member();
    take(one, [
      [0, ''],
      [1, ''],
      [2, 'k'],
      [3, 'k'],
    ]);
    expect(offsetsOf(startAll(one))).toEqual([0, 1, 2]);
  });
});

describe('an outage', () => {
  /** A member whose first of four records met an outage. */
  function stricken() {
    const one = member({ slots: 2 });
    take(one, [0, 1, 2, 3]);
    const [first, second] = startAll(one);
    one.reject(first as Task<Delivery>, true);
    return { one, first: first as Task<Delivery>, second: second as Task<Delivery> };
  }

  it('starts one record at a time until one succeeds', () => {
    const { one, first, second } = stricken();
    one.reject(second, true);
    expect(startAll(one)).toEqual([]);
    one.due(second);
    expect(startAll(one)).toEqual([]);
    one.due(first);
    const [probe, ...others] = startAll(one);
    expect([probe, others]).toEqual([first, []]);
    one.reject(first, true);
    one.due(first);
    expect(startAll(one)).toEqual([first]);
    one.finish(first);
    expect(offsetsOf(startAll(one))).toEqual([1, 2]);
  });

  it('is over when something that was in flight succeeds', () => {
    const { one, second } = stricken();
    one.finish(second);
    expect(offsetsOf(startAll(one))).toEqual([2, 3]);
  });

  it('is forgotten with the partition that met it', () => {
    const { one, first } = stricken();
    one.assign([place(1)]);
    one.take({ ...place(1), records: [record({ ...place(1), offset: 0 })], next: 1, end: 1 });
    expect([one.isLost(first), offsetsOf(startAll(one))]).toEqual([true, [0]]);
  });

  it('is not what any other rejection is', () => {
    const one = member();
    take(one, [0, 1]);
    const task = one.start() as Task<Delivery>;
    one.reject(task, false);
    expect(offsetsOf(startAll(one))).toEqual([1]);
  });
});
