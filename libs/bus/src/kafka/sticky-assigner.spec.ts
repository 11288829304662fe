import { randomUUID } from 'node:crypto';
import { configureLogs } from '@spillway/telemetry/logger';
import type { Assignment, PartitionAssigner } from 'kafkajs';
import { AssignerProtocol } from 'kafkajs';
import { describe, expect, inject, it, vi } from 'vitest';
import { stickyAssigner } from './sticky-assigner.js';
import { type BrokerStage, brokerStages } from './testing/broker-stage.js';

configureLogs({ level: 'silent' });
const stage = brokerStages(() => inject('kafkaBrokers'));

type Config = Parameters<PartitionAssigner>[0];

const cluster = (partitions: number) =>
  ({
    addMultipleTargetTopics: async () => undefined,
    findTopicPartitionMetadata: () =>
      Array.from({ length: partitions }, (_, partitionId) => ({ partitionId })),
  }) as unknown as Config['cluster'];

const assigner = (partitions = 4) =>
  stickyAssigner({ cluster: cluster(partitions), groupId: 'group', logger: {} as Config['logger'] });

const joining = (memberId: string, given?: Assignment) => {
  const member = assigner();
  if (given !== undefined) member.assigned(given);
  return { memberId, memberMetadata: member.protocol({ topics: ['t'] }).metadata };
};

async function assigned(members: ReturnType<typeof joining>[]) {
  const shares = await assigner().assign({ members, topics: ['t'] });
  return Object.fromEntries(
    shares.map((share) => [
      share.memberId,
      AssignerProtocol.MemberAssignment.decode(share.memberAssignment)?.assignment,
    ]),
  );
}

describe('the assigner', () => {
  it('leaves members what they were given', async () => {
    const members = [joining('a', { t: [1, 3] }), joining('b', { t: [0, 2] })];
    expect(await assigned(members)).toEqual({ a: { t: [1, 3] }, b: { t: [0, 2] } });
  });

  it('gives a newcomer its share', async () => {
    const { a, b } = await assigned([joining('a', { t: [0, 1, 2, 3] }), joining('b')]);
    expect([a?.['t'], b?.['t']]).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('names a member that gets nothing', async () => {
    const members = ['a', 'b', 'c', 'd', 'e'].map((id) => joining(id));
    expect((await assigned(members))['e']).toEqual({});
  });

  it.each(['', 'no JSON', 'null', '{"at":"x","partitions":{}}', '{"at":1,"partitions":{"t":5}}'])(
    'takes a claim of %j for none',
    async (text) => {
      const memberMetadata = AssignerProtocol.MemberMetadata.encode({
        version: 1,
        topics: ['t'],
        userData: Buffer.from(text),
      });
      const shares = await assigned([{ memberId: 'a', memberMetadata }, joining('b', { t: [3] })]);
      expect(shares['b']?.['t']).toContain(3);
      expect(shares['a']?.['t']).toHaveLength(2);
    },
  );
});

/** A consumer of the group, and what it has now. */
async function member({ client, closing }: BrokerStage, group: string, topic: string) {
  const made: ReturnType<typeof stickyAssigner>[] = [];
  const consumer = client.consumer({
    groupId: group,
    heartbeatInterval: 100,
    maxWaitTimeInMs: 100,
    partitionAssigners: [
      (config) => {
        const inner = stickyAssigner(config);
        made.push(inner);
        return inner;
      },
    ],
  });
  closing({ close: () => consumer.disconnect() });
  const state = { partitions: [] as readonly number[], leave: () => consumer.disconnect() };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    made[0]?.assigned(payload.memberAssignment);
    state.partitions = payload.memberAssignment[topic] ?? [];
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  await consumer.run({ autoCommit: false, eachBatch: async () => undefined });
  return state;
}

describe('a group on a broker', () => {
  it('keeps its partitions as members join and leave, under the group id it was given', async () => {
    const on = await stage();
    const group = `group-${randomUUID()}`;
    const topic = await on.topic(6);
    const counts = (...members: { readonly partitions: readonly number[] }[]) =>
      members.map(({ partitions }) => partitions.length);

    const first = await member(on, group, topic);
    await vi.waitFor(() => expect(counts(first)).toEqual([6]), 10_000);
    const second = await member(on, group, topic);
    await vi.waitFor(() => expect(counts(first, second)).toEqual([3, 3]), 10_000);
    const [ofFirst, ofSecond] = [first.partitions, second.partitions];
    const third = await member(on, group, topic);
    await vi.waitFor(() => expect(counts(first, second, third)).toEqual([2, 2, 2]), 10_000);
    expect(ofFirst).toEqual(expect.arrayContaining([...first.partitions]));
    expect(ofSecond).toEqual(expect.arrayContaining([...second.partitions]));
    const stayed = third.partitions;
    await first.leave();
    await vi.waitFor(() => expect(counts(second, third)).toEqual([3, 3]), 10_000);
    expect(third.partitions).toEqual(expect.arrayContaining([...stayed]));

    const { groups } = await on.admin.describeGroups([group]);
    expect(groups[0]).toMatchObject({ groupId: group, protocol: 'spillway-sticky' });
  });
});
