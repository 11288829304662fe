import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patch, repeatFetches } from './repeated-fetch.js';

interface Asked {
  readonly topics: readonly {
    topic: string;
    partitions: readonly { partition: number; fetchOffset: string }[];
  }[];
}

interface Group {
  offsetManager: object;
  getActiveTopicPartitions(): object;
  readonly subscriptionState: { assign(topics: readonly object[]): void };
  fetch(
    nodeId: string,
  ): Promise<readonly { topic: string; partition: number; messages: { offset: string }[] }[]>;
  pause(topics: readonly object[]): void;
  resume(topics: readonly object[]): void;
  seek(position: object): void;
  resolveOffset(position: object): void;
  commitOffsets(offsets: object): Promise<void>;
}

const require = createRequire(import.meta.url);
const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup') as new (options: object) => Group;
const OffsetManager = require('kafkajs/src/consumer/offsetManager') as new (options: object) => object;
/** As kafkajs has it: other clients of this process may have it changed. */
const { fetch } = ConsumerGroup.prototype as Group;

const NODE = '1';
const TOPICS = ['a', 'b'];
const PARTITIONS = [0, 1, 2];

/** A member on a broker with a log of its own; notes each request as `a/0@5 a/1@0`. */
function member(isPatched: boolean) {
  let listsMade = 0;
  let refreshes = 0;
  class Member extends ConsumerGroup {
    override getActiveTopicPartitions(): object {
      listsMade += 1;
      return super.getActiveTopicPartitions();
    }
  }
  Member.prototype.fetch = fetch;
  const ends = new Map<string, number>();
  const requests: string[] = [];
  let broken: Error | undefined;
  let meanwhile: (() => void) | undefined;
  /** Read, and not taken: it is read again. */
  let isLeft = false;
  const taken = new Map<string, string>();
  const elsewhere = new Set<string>();
  class Broker {
    isConnected = (): boolean => true;
    async fetch({ topics }: Asked): Promise<object> {
      requests.push(written(topics));
      meanwhile?.();
      meanwhile = undefined;
      if (broken !== undefined) {
        const error = broken;
        broken = undefined;
        throw error;
      }
      return { responses: topics.map(answerOf).filter(({ partitions }) => partitions.length > 0) };
    }
  }
  if (isPatched) expect(patch(Member.prototype as never, Broker.prototype as never)).toBe(true);

  function answerOf({ topic, partitions }: Asked['topics'][number]) {
    const behind = partitions.filter((each) => endOf(topic, each.partition) > Number(each.fetchOffset));
    return {
      topicName: topic,
      partitions: behind.map(({ partition, fetchOffset }) => ({
        partition,
        highWatermark: `${endOf(topic, partition)}`,
        abortedTransactions: [],
        messages: [{ offset: fetchOffset }],
        preferredReadReplica: elsewhere.has(`${topic}/${partition}`) ? 2 : -1,
      })),
    };
  }

  const endOf = (topic: string, partition: number): number => ends.get(`${topic}/${partition}`) ?? 0;
  const metadata = () => ({});
  const brokerPool = {
    brokers: { [NODE]: new Broker() },
    metadata: metadata(),
    metadataExpireAt: Date.now() + 1e6,
  };
  const cluster = {
    brokerPool,
    committedOffsets: () => ({}),
    async refreshMetadataIfNecessary(): Promise<void> {
      if (Date.now() <= brokerPool.metadataExpireAt) return;
      refreshes += 1;
      brokerPool.metadata = metadata();
      brokerPool.metadataExpireAt = Date.now() + 1e6;
    },
    findTopicPartitionMetadata: () => PARTITIONS.map((partitionId) => ({ partitionId, leader: NODE })),
    findBroker: async () => brokerPool.brokers[NODE],
    removeBroker: () => undefined,
  };
  const log = { info() {}, debug() {}, warn() {}, error() {} };
  const group = new Member({
    ...{ cluster, groupId: 'group', topics: TOPICS, maxWaitTimeInMs: 0, rackId: '', autoCommit: false },
    logger: { namespace: () => log },
  });
  group.subscriptionState.assign(TOPICS.map((topic) => ({ topic, partitions: PARTITIONS })));
  const coordinator = {
    isConnected: () => true,
    offsetCommit: async () => undefined,
    offsetFetch: async ({
      topics,
    }: {
      topics: { topic: string; partitions: { partition: number }[] }[];
    }) => ({
      responses: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((each) => ({
          ...each,
          offset: taken.get(`${topic}/${each.partition}`) ?? '0',
        })),
      })),
    }),
  };
  /** What joining comes to, before it is said to be over: another place for positions, which are to be asked for. */
  const join = (): void => {
    group.offsetManager = new OffsetManager({
      ...{ cluster, coordinator, groupId: 'group', autoCommit: false, topicConfigurations: {} },
      instrumentationEmitter: { emit: () => undefined },
      memberAssignment: Object.fromEntries(TOPICS.map((topic) => [topic, PARTITIONS])),
    });
  };
  join();
  return {
    requests,
    listsMade: () => listsMade,
    refreshes: () => refreshes,
    /** What is read, as `a/0@5`; it is taken, so that reading goes on behind it. */
    async fetch(): Promise<string> {
      const batches = await group.fetch(NODE);
      for (const { topic, partition, messages } of isLeft ? [] : batches) {
        for (const { offset } of messages) {
          group.resolveOffset({ topic, partition, offset });
          taken.set(`${topic}/${partition}`, `${Number(offset) + 1}`);
        }
      }
      isLeft = false;
      return batches.map((each) => `${each.topic}/${each.partition}@${each.messages[0]?.offset}`).join(' ');
    },
    write: (topic: string, partition: number) =>
      void ends.set(`${topic}/${partition}`, endOf(topic, partition) + 1),
    pause: (topic: string, partition: number) => group.pause([{ topic, partitions: [partition] }]),
    resume: (topic: string, partition: number) => group.resume([{ topic, partitions: [partition] }]),
    /** What was taken of a partition, if anything. */
    commit: (topic: string, partition: number) => {
      const offset = taken.get(`${topic}/${partition}`);
      if (offset !== undefined)
        void group.commitOffsets({ topics: [{ topic, partitions: [{ partition, offset }] }] });
    },
    join,
    leave: () => {
      isLeft = true;
    },
    /** The broker gives records of this partition no more, but names another one that has them. */
    redirect: (topic: string, partition: number) => void elsewhere.add(`${topic}/${partition}`),
    rewind: (topic: string, partition: number) => group.seek({ topic, partition, offset: '0' }),
    /** The connection breaks in the next request. */
    break: () => {
      broken = Object.assign(new Error('closed'), { name: 'KafkaJSConnectionClosedError' });
    },
    expire: () => {
      brokerPool.metadataExpireAt = 0;
    },
    /** Happens while the broker holds the next request. */
    meanwhile: (change: () => void) => {
      meanwhile = change;
    },
  };
}

const written = (topics: Asked['topics']): string =>
  topics
    .flatMap(({ topic, partitions }) =>
      partitions.map((each) => `${topic}/${each.partition}@${each.fetchOffset}`),
    )
    .join(' ');

describe('repeated fetches', () => {
  it('ask for the same and read the same as kafkajs alone, whatever happens between and during them', async () => {
    const change = fc.record({
      what: fc.constantFrom(
        ...(['nothing', 'write', 'write', 'write', 'commit', 'leave'] as const),
        ...(['pause', 'resume', 'rewind', 'break', 'expire', 'join'] as const),
      ),
      topic: fc.constantFrom(...TOPICS),
      partition: fc.constantFrom(...PARTITIONS),
      isMeanwhile: fc.boolean(),
    });
    const read = { nothing: 0, something: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), async (changes) => {
        const [plain, patched] = [member(false), member(true)];
        for (const { what, topic, partition, isMeanwhile } of changes) {
          for (const each of [plain, patched]) {
            const happen = (): void => void (what !== 'nothing' && each[what](topic, partition));
            if (isMeanwhile) each.meanwhile(happen);
            else happen();
          }
          const found = await plain.fetch();
          read[found === '' ? 'nothing' : 'something'] += 1;
          expect(await patched.fetch()).toBe(found);
        }
        expect(patched.requests).toEqual(plain.requests);
        expect(patched.refreshes()).toBe(plain.refreshes());
      }),
      { numRuns: 300 },
    );
    expect(Math.min(read.nothing, read.something)).toBeGreaterThan(300);
  });

  it.each<[string, (reader: ReturnType<typeof member>) => void, string, string]>([
    ['a partition that is paused is not read', (reader) => reader.pause('a', 0), '', 'a/0@1'],
    ['a record is read', (reader) => reader.write('a', 1), 'a/0@1 a/1@0', ''],
    ['a partition is read from where it is to be read', (reader) => reader.rewind('a', 0), '', 'a/0@0'],
  ])('of what happens while the broker holds one: %s', async (_, change, now, later) => {
    const reader = member(true);
    reader.write('a', 0);
    expect(await reader.fetch()).toBe('a/0@0');
    await reader.fetch();
    await reader.fetch();
    reader.write('a', 0);
    reader.meanwhile(() => change(reader));
    expect(await reader.fetch()).toBe(now);
    reader.resume('a', 0);
    expect(await reader.fetch()).toBe(later);
  });

  it('make no lists of partitions, with records and without', async () => {
    const reader = member(true);
    await reader.fetch();
    const made = reader.listsMade();
    for (const partition of [1, 1, 2]) {
      reader.write('b', partition);
      await reader.fetch();
      reader.commit('b', partition);
      await reader.fetch();
    }
    expect(reader.requests.at(-1)).toBe('a/0@0 a/1@0 a/2@0 b/0@0 b/1@2 b/2@1');
    expect(reader.listsMade()).toBe(made);
  });

  it('leave it to kafkajs where a partition is to be read from another broker', async () => {
    const reader = member(true);
    await reader.fetch();
    reader.redirect('a', 1);
    reader.write('a', 1);
    reader.write('b', 0);
    expect(await reader.fetch()).toBe('');
    expect(await reader.fetch()).toContain('b/0@0');
    reader.write('b', 0);
    expect(await reader.fetch()).toBe('b/0@1');
    expect(reader.requests.at(-1)).toBe('a/0@0 a/2@0 b/0@1 b/1@0 b/2@0');
  });

  it.each([
    ['has no such methods', {}, {}],
    ['fetches in another way', { fetch: () => undefined }, { fetch: () => undefined }],
  ])('are not made when kafkajs %s', (_, members: object, brokers: object) => {
    const before = [{ ...members }, { ...brokers }];
    expect(patch(members, brokers)).toBe(false);
    expect([members, brokers]).toEqual(before);
  });

  it('are for this kafkajs', () => expect(repeatFetches()).toBe(true));
});
