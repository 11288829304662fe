import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignPartitions, type Member, type TopicPartition } from './sticky-assignment.js';

const partitionsOf = (counts: Readonly<Record<string, number>>): readonly TopicPartition[] =>
  Object.entries(counts).flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );

const name = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** The members as they join again after they were given this. */
const rejoining = (
  members: readonly Member[],
  given: ReadonlyMap<string, readonly TopicPartition[]>,
  heldSince: number,
): readonly Member[] => members.map((member) => ({ ...member, held: given.get(member.id) ?? [], heldSince }));

const newcomer = (id: string, topics: readonly string[]): Member => ({ id, topics, held: [], heldSince: 0 });

const loads = (given: ReadonlyMap<string, readonly TopicPartition[]>): readonly number[] =>
  [...given.values()].map((share) => share.length);

const topicCounts = fc.record({
  a: fc.integer({ min: 1, max: 13 }),
  b: fc.integer({ min: 0, max: 7 }),
  c: fc.integer({ min: 0, max: 3 }),
});
const someTopics = fc.subarray(['a', 'b', 'c'], { minLength: 1 });
const claims = fc.array(fc.record({ topic: fc.constantFrom('a', 'b', 'c', 'gone'), partition: fc.nat(14) }));

/** Members of any subscription, with claims that need not be true. */
const anyMembers = fc.uniqueArray(
  fc.record({ id: fc.string({ minLength: 1 }), topics: someTopics, held: claims, heldSince: fc.nat(3) }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 8 },
);

/** The least that members who read the same must give up so that all have the same, but for one. */
function fewestMoves(held: readonly number[], total: number): number {
  const floor = Math.floor(total / held.length);
  const larger = total % held.length;
  return held
    .toSorted((one, two) => two - one)
    .reduce((moves, count, index) => moves + Math.max(0, count - floor - (index < larger ? 1 : 0)), 0);
}

describe('an assignment', () => {
  it('gives each partition that somebody reads to one member that reads it, and no other', () => {
    fc.assert(
      fc.property(anyMembers, topicCounts, (members, counts) => {
        const given = assignPartitions(members, partitionsOf(counts));
        const read = new Set(members.flatMap(({ topics }) => topics));
        const all = [...given.values()].flat().map(name);
        expect(all.sort()).toEqual(
          partitionsOf(counts)
            .filter(({ topic }) => read.has(topic))
            .map(name)
            .sort(),
        );
        for (const { id, topics } of members) {
          expect(topics).toEqual(expect.arrayContaining((given.get(id) ?? []).map(({ topic }) => topic)));
        }
      }),
    );
  });

  it('gives members that read the same the same number, but for one', () => {
    fc.assert(
      fc.property(anyMembers, topicCounts, someTopics, (members, counts, topics) => {
        const same = members.map((member) => ({ ...member, topics }));
        const given = loads(assignPartitions(same, partitionsOf(counts)));
        expect(Math.max(...given) - Math.min(...given)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('leaves no member two short of one that could give', () => {
    fc.assert(
      fc.property(anyMembers, topicCounts, (members, counts) => {
        const given = assignPartitions(members, partitionsOf(counts));
        for (const giver of members) {
          const share = given.get(giver.id) ?? [];
          for (const taker of members) {
            const isShort = (given.get(taker.id)?.length ?? 0) + 2 <= share.length;
            expect(isShort && share.some(({ topic }) => taker.topics.includes(topic))).toBe(false);
          }
        }
      }),
    );
  });

  it('is the same, whatever the order of members and partitions', () => {
    const shuffled = fc.tuple(anyMembers, topicCounts).chain(([members, counts]) => {
      const all = partitionsOf(counts);
      return fc.tuple(
        fc.constant(assignPartitions(members, all)),
        fc.shuffledSubarray(members, { minLength: members.length }),
        fc.shuffledSubarray([...all], { minLength: all.length }),
      );
    });
    fc.assert(
      fc.property(shuffled, ([expected, members, partitions]) => {
        expect(assignPartitions(members, partitions)).toEqual(expected);
      }),
    );
  });

  it('stays as it is while the group stays as it is', () => {
    fc.assert(
      fc.property(anyMembers, topicCounts, (members, counts) => {
        const given = assignPartitions(members, partitionsOf(counts));
        expect(assignPartitions(rejoining(members, given, 9), partitionsOf(counts))).toEqual(given);
      }),
    );
  });

  it('moves as few partitions as there must be when members come and go', () => {
    const changes = fc.record({ stay: fc.integer({ min: 1, max: 6 }), leave: fc.nat(4), come: fc.nat(4) });
    fc.assert(
      fc.property(changes, topicCounts, someTopics, ({ stay, leave, come }, counts, topics) => {
        const read = partitionsOf(counts).filter(({ topic }) => topics.includes(topic));
        const before = Array.from({ length: stay + leave }, (_, index) => newcomer(`m${index}`, topics));
        const given = assignPartitions(before, read);
        const staying = rejoining(before, given, 1).slice(leave);
        const coming = Array.from({ length: come }, (_, index) => newcomer(`n${index}`, topics));
        const after = assignPartitions([...staying, ...coming], read);
        const lost = staying.flatMap(({ id, held }) => {
          const kept = new Set(after.get(id)?.map(name));
          return held.filter((partition) => !kept.has(name(partition)));
        });
        const held = [...staying, ...coming].map((member) => member.held.length);
        expect(lost.length).toBe(fewestMoves(held, read.length));
      }),
    );
  });

  it('spreads each topic over the members', () => {
    const members = ['a', 'b', 'c'].map((id) => newcomer(id, ['x', 'y']));
    const given = assignPartitions(members, partitionsOf({ x: 6, y: 6 }));
    for (const share of given.values()) {
      expect(share.filter(({ topic }) => topic === 'x')).toHaveLength(2);
    }
  });

  it('evens out by way of a third member', () => {
    const members = [newcomer('one', ['x']), newcomer('two', ['x', 'y']), newcomer('three', ['y'])];
    const held = new Map([
      ['one', partitionsOf({ x: 4 })],
      ['two', partitionsOf({ y: 3 })],
      ['three', partitionsOf({ y: 5 }).slice(3)],
    ]);
    const given = assignPartitions(rejoining(members, held, 1), partitionsOf({ x: 4, y: 5 }));
    expect(loads(given)).toEqual([3, 3, 3]);
  });

  it('believes the later of two claims', () => {
    const all = partitionsOf({ x: 4 });
    const late = { ...newcomer('late', ['x']), held: all.slice(0, 2), heldSince: 2 };
    const stale = { ...newcomer('a-stale', ['x']), held: all, heldSince: 1 };
    expect(assignPartitions([stale, late], all).get('late')).toEqual(all.slice(0, 2));
  });
});
