import { createRequire } from 'node:module';
import { setImmediate as tick } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patch, repeatFetches } from './repeated-fetch.js';

interface Asked {
  readonly topics: readonly {
    topic: string;
    partitions: readonly { partition: number; fetchOffset: string }[];
  }[];
}

interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly { offset: string }[];
}

interface Group {
  getActiveTopicPartitions(): object;
  joinAndSync(): Promise<void>;
  fetch(nodeId: string): Promise<readonly Batch[]>;
  pause(topics: readonly object[]): void;
  resume(topics: readonly object[]): void;
  seek(position: object): void;
  resolveOffset(position: object): void;
  resetOffset(position: object): void;
  commitOffsets(offsets: object): Promise<void>;
}

const load = createRequire(import.meta.url);
const ConsumerGroup = load('kafkajs/src/consumer/consumerGroup') as new (options: object) => Group;
const { MemberAssignment } = load('kafkajs/src/consumer/assignerProtocol') as {
  MemberAssignment: { encode(assignment: object): Buffer };
};
/** As kafkajs has it: other clients of this process may have it changed. */
const { fetch } = ConsumerGroup.prototype as Group;

/** Each leads half of the partitions. */
const NODES = ['1', '2'] as const;
const TOPICS = ['a', 'b'];
const PARTITIONS = [0, 1, 2, 3];
const PLACES = TOPICS.flatMap((topic) => PARTITIONS.map((partition) => `${topic}/${partition}`));

const at = (place: string) => ({ topic: place.slice(0, 1), partition: Number(place.slice(2)) });
const otherThan = (node: string | undefined) => (node === '1' ? '2' : '1');

const failure = (name: string, details: object): Error => Object.assign(new Error(name), { name }, details);

/** A group of one on brokers with logs of their own, who hold a request until they are told to answer. */
class Stage {
  /** What each broker was asked and what was read of it, as `? a/0@5 b/2@0` and `: a/0@5`, in its order. */
  readonly notes: Readonly<Record<string, string[]>> = { 1: [], 2: [] };
  listsMade = 0;
  refreshes = 0;
  readonly #group: Group;
  readonly #held: { readonly by: string; readonly answer: () => void }[] = [];
  readonly #reading = new Set<string>();
  readonly #read = new Map<string, string[]>();
  readonly #taken = new Map<string, string>();
  readonly #committed = new Map<string, string>();
  readonly #starts = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  readonly #leaders = new Map(PLACES.map((place) => [place, NODES[at(place).partition % 2]]));
  readonly #elsewhere = new Set<string>();
  readonly #broken = new Set<string>();
  readonly #assigned: Set<string>;
  readonly #pool;
  readonly #cluster: { refreshMetadata(): Promise<void> };
  #running = 0;
  #whenJoined: string | undefined;

  constructor(isPatched: boolean, autoCommit = false, assigned = PLACES) {
    const stage = this;
    this.#assigned = new Set(assigned);
    class Member extends ConsumerGroup {
      override getActiveTopicPartitions(): object {
        stage.listsMade += 1;
        return super.getActiveTopicPartitions();
      }
    }
    Member.prototype.fetch = fetch;
    class Broker {
      isOpen = true;
      constructor(readonly node: string) {}
      isConnected = () => this.isOpen;
      async fetch({ topics }: Asked): Promise<object> {
        if (!this.isOpen) throw new Error('there is no connection');
        stage.notes[this.node]?.push(`? ${written(topics)}`);
        await stage.#hold(this.node);
        return { responses: stage.#answer(this.node, topics) };
      }
    }
    if (isPatched) expect(patch(Member.prototype as never, Broker.prototype as never)).toBe(true);
    const brokers: Record<string, Broker> = {};
    const pool = { brokers, metadata: new Map<string, string>(), metadataExpireAt: 0 as number | null };
    this.#pool = pool;
    const cluster = {
      brokerPool: pool,
      committedOffsets: () => ({}),
      defaultOffset: () => '-2',
      fetchTopicsOffset: async (asked: Offsets) => stage.#each(asked, (place) => `${stage.#startOf(place)}`),
      findGroupCoordinator: async () => stage.#coordinator(),
      async refreshMetadata(): Promise<void> {
        stage.refreshes += 1;
        pool.metadata = new Map(stage.#leaders as Map<string, string>);
        pool.metadataExpireAt = Date.now() + 1e6;
        for (const node of NODES) brokers[node] ??= new Broker(node);
      },
      async refreshMetadataIfNecessary(): Promise<void> {
        if (pool.metadataExpireAt === null || Date.now() > pool.metadataExpireAt)
          await this.refreshMetadata();
      },
      findTopicPartitionMetadata: (topic: string) =>
        PARTITIONS.map((partitionId) => ({
          partitionId,
          leader: pool.metadata.get(`${topic}/${partitionId}`),
        })),
      async findBroker({ nodeId }: { nodeId: string }) {
        const broker = brokers[nodeId];
        if (broker === undefined) throw failure('KafkaJSBrokerNotFound', {});
        broker.isOpen = true;
        return broker;
      },
      removeBroker({ host }: { host: string }): void {
        delete brokers[host];
        pool.metadataExpireAt = null;
      },
    };
    this.#cluster = cluster;
    const log = { info() {}, debug() {}, warn() {}, error() {} };
    this.#group = new Member({
      ...{ cluster, groupId: 'group', topics: TOPICS, maxWaitTimeInMs: 0, rackId: '', assigners: [] },
      ...{ topicConfigurations: {}, logger: { namespace: () => log }, autoCommit },
      instrumentationEmitter: { emit: (event: string) => event === 'consumer.group_join' && this.#joined() },
    });
  }

  /** The group is joined, and its first assignment made. */
  async open(): Promise<this> {
    await this.#cluster.refreshMetadata();
    this.join();
    await this.settled();
    this.answer('join');
    await this.settled();
    return this;
  }

  /** Nobody has anything to do but wait for brokers. */
  async settled(): Promise<void> {
    do await tick();
    while (this.#running > this.#held.length);
  }

  fetch(node: string): void {
    if (this.#reading.has(node)) return;
    this.#reading.add(node);
    const done = (said: string): void => {
      this.#reading.delete(node);
      this.notes[node]?.push(`: ${said}`);
    };
    this.#run(
      this.#group.fetch(node).then(
        (batches) => done(batches.map((batch) => this.#note(batch)).join(' ')),
        (error: Error) => done(error.message),
      ),
    );
  }

  /** Lets the broker, or `join` the coordinator, answer the request that it has held for the longest. */
  answer(by: string): void {
    const at = this.#held.findIndex((each) => each.by === by);
    for (const { answer } of at < 0 ? [] : this.#held.splice(at, 1)) answer();
  }

  /** Leaves or takes this one partition with it. */
  join(place?: string): void {
    if (place !== undefined && !this.#assigned.delete(place)) this.#assigned.add(place);
    this.#run(this.#group.joinAndSync());
  }

  /** As `join`; and in the moment in which it has, this broker is asked. */
  joinAndFetch(place: string, node: string): void {
    this.#whenJoined = node;
    this.join(place);
  }

  write(place: string): void {
    this.#ends.set(place, this.#endOf(place) + 1);
  }

  /** All that was written is removed. */
  truncate(place: string): void {
    this.#starts.set(place, this.#endOf(place));
  }

  /** What was read of it, and not yet taken. */
  take(place: string): void {
    const offset = this.#read.get(place)?.shift();
    if (offset === undefined) return;
    this.#taken.set(place, `${Number(offset) + 1}`);
    try {
      this.#group.resolveOffset({ ...at(place), offset });
    } catch {
      // As in our consumer: the partition is gone.
    }
  }

  commit(place: string): void {
    const { topic, partition } = at(place);
    const offset = this.#taken.get(place);
    if (offset === undefined) return;
    this.#group
      .commitOffsets({ topics: [{ topic, partitions: [{ partition, offset }] }] })
      .catch(() => undefined);
  }

  pause(place: string): void {
    this.#group.pause([{ topic: at(place).topic, partitions: [at(place).partition] }]);
  }

  resume(place: string): void {
    this.#group.resume([{ topic: at(place).topic, partitions: [at(place).partition] }]);
  }

  rewind(place: string): void {
    this.#group.seek({ ...at(place), offset: '0' });
  }

  reset(place: string): void {
    try {
      this.#group.resetOffset(at(place));
    } catch {
      // Not of this assignment.
    }
  }

  /** Another broker leads it, which members find out by themselves. */
  move(place: string): void {
    this.#leaders.set(place, otherThan(this.#leaders.get(place)));
  }

  /** The broker gives records of this partition no more, but names another one that has them. */
  redirect(place: string): void {
    this.#elsewhere.add(place);
  }

  /** The connection breaks in a request. */
  break(_: string, node: string): void {
    this.#broken.add(node);
  }

  /** The connection is gone before the next request. */
  disconnect(_: string, node: string): void {
    const broker = this.#pool.brokers[node];
    if (broker !== undefined) broker.isOpen = false;
  }

  expire(): void {
    this.#pool.metadataExpireAt = 0;
  }

  #run(work: Promise<void>): void {
    this.#running += 1;
    void work.finally(() => {
      this.#running -= 1;
    });
  }

  #hold(by: string): Promise<void> {
    return new Promise((answer) => this.#held.push({ by, answer }));
  }

  #note({ topic, partition, messages }: Batch): string {
    const place = `${topic}/${partition}`;
    const [first] = messages;
    if (first !== undefined) this.#read.set(place, [...(this.#read.get(place) ?? []), first.offset]);
    return `${place}@${first?.offset}`;
  }

  #joined(): void {
    const node = this.#whenJoined;
    this.#whenJoined = undefined;
    if (node !== undefined) this.fetch(node);
  }

  #answer(node: string, topics: Asked['topics']): object[] {
    if (this.#broken.delete(node)) throw failure('KafkaJSConnectionClosedError', { host: node });
    const asked = (topic: string, { partition, fetchOffset }: { partition: number; fetchOffset: string }) => {
      const place = `${topic}/${partition}`;
      const type = 'NOT_LEADER_FOR_PARTITION';
      if (this.#leaders.get(place) !== node) throw failure('KafkaJSProtocolError', { type });
      if (Number(fetchOffset) < this.#startOf(place))
        throw failure('KafkaJSOffsetOutOfRange', { topic, partition });
      if (Number(fetchOffset) >= this.#endOf(place)) return [];
      const highWatermark = `${this.#endOf(place)}`;
      const preferredReadReplica = this.#elsewhere.has(place) ? 3 : -1;
      const messages = [{ offset: fetchOffset }];
      return [{ partition, highWatermark, abortedTransactions: [], messages, preferredReadReplica }];
    };
    return topics
      .map(({ topic, partitions }) => ({
        topicName: topic,
        partitions: partitions.flatMap((each) => asked(topic, each)),
      }))
      .filter(({ partitions }) => partitions.length > 0);
  }

  #coordinator() {
    const assignment = () =>
      Object.fromEntries(
        TOPICS.map((topic) => [topic, PARTITIONS.filter((each) => this.#assigned.has(`${topic}/${each}`))]),
      );
    return {
      isConnected: () => true,
      joinGroup: async () => {
        await this.#hold('join');
        return {
          generationId: 1,
          leaderId: 'other',
          memberId: 'member',
          members: [],
          groupProtocol: 'sticky',
        };
      },
      syncGroup: async () => ({
        memberAssignment: MemberAssignment.encode({ version: 0, assignment: assignment() }),
      }),
      offsetCommit: async ({ topics }: { topics: Offsets }) => {
        for (const { topic, partitions } of topics)
          for (const { partition, offset } of partitions)
            this.#committed.set(`${topic}/${partition}`, `${offset}`);
      },
      offsetFetch: async ({ topics }: { topics: Offsets }) => ({
        responses: this.#each(topics, (place) => this.#committed.get(place) ?? '-1'),
      }),
    };
  }

  #each = (asked: Offsets, offsetOf: (place: string) => string): Offsets =>
    asked.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({
        partition,
        offset: offsetOf(`${topic}/${partition}`),
      })),
    }));

  #startOf = (place: string): number => this.#starts.get(place) ?? 0;
  #endOf = (place: string): number => this.#ends.get(place) ?? 0;
}

type Offsets = readonly { topic: string; partitions: readonly { partition: number; offset?: string }[] }[];

const written = (topics: Asked['topics']): string =>
  topics
    .flatMap(({ topic, partitions }) =>
      partitions.map((each) => `${topic}/${each.partition}@${each.fetchOffset}`),
    )
    .join(' ');

/** Lets the first broker answer what it was asked, or is asked now, and takes all of it. Returns what was noted since. */
async function read(stage: Stage): Promise<string[]> {
  stage.fetch('1');
  await stage.settled();
  stage.answer('1');
  await stage.settled();
  for (const place of PLACES) stage.take(place);
  return stage.notes[1]?.splice(0) ?? [];
}

describe('repeated fetches', () => {
  const often = ['fetch', 'fetch', 'answer', 'answer', 'take', 'take', 'write', 'write', 'commit'] as const;
  const rare = [
    ...(['pause', 'resume', 'rewind', 'reset', 'truncate', 'move'] as const),
    ...(['break', 'disconnect', 'expire', 'join', 'joinAndFetch'] as const),
  ] as const;
  const step = fc.record({
    what: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...often) },
      { weight: 2, arbitrary: fc.constant('answerJoin' as const) },
      { weight: 1, arbitrary: fc.constantFrom(...rare) },
    ),
    place: fc.constantFrom(...PLACES),
    node: fc.constantFrom(...NODES),
  });
  const steps = fc.array(step, { minLength: 50, maxLength: 150, size: 'max' });

  it.each([false, true])(
    'ask for the same and read the same as kafkajs alone, whatever happens when (kafkajs commits: %s)',
    async (autoCommit) => {
      const seen = { asked: 0, read: 0, spared: 0 };
      await fc.assert(
        fc.asyncProperty(steps, fc.subarray(PLACES), async (steps, assigned) => {
          const plain = new Stage(false, autoCommit, assigned);
          const patched = new Stage(true, autoCommit, assigned);
          for (const stage of [plain, patched]) {
            await stage.open();
            for (const { what, place, node } of steps) {
              if (what === 'fetch' || what === 'answer') stage[what](node);
              else if (what === 'answerJoin') stage.answer('join');
              else stage[what](place, node);
              await stage.settled();
            }
          }
          expect(patched.notes).toEqual(plain.notes);
          expect(patched.refreshes).toBe(plain.refreshes);
          const notes = Object.values(plain.notes).flat();
          seen.asked += notes.filter((note) => note.startsWith('?')).length;
          seen.read += notes.filter((note) => /: [ab]/.test(note)).length;
          seen.spared += plain.listsMade - patched.listsMade;
        }),
        { numRuns: 200 },
      );
      expect(Math.min(seen.asked, seen.read, seen.spared)).toBeGreaterThan(300);
    },
    20_000,
  );

  it.each<[string, (stage: Stage) => void, string, string]>([
    ['a partition that is paused is not read', (stage) => stage.pause('a/0'), ': ', ': a/0@1'],
    ['a record is read', (stage) => stage.write('a/2'), ': a/0@1 a/2@0', ': '],
    ['a partition is read from where it is to be read', (stage) => stage.rewind('a/0'), ': ', ': a/0@0'],
  ])('of what happens while the broker holds one: %s', async (_, happen, now, later) => {
    const stage = await new Stage(true).open();
    stage.write('a/0');
    expect((await read(stage)).at(-1)).toBe(': a/0@0');
    await read(stage);
    stage.write('a/0');
    stage.fetch('1');
    await stage.settled();
    happen(stage);
    expect((await read(stage)).at(-1)).toBe(now);
    stage.resume('a/0');
    expect((await read(stage)).at(-1)).toBe(later);
  });

  it('ask as kafkajs does in the moment in which the group was joined again', async () => {
    const stage = await new Stage(true).open();
    stage.write('b/0');
    await read(stage);
    stage.commit('b/0');
    stage.joinAndFetch('a/0', '1');
    await read(stage);
    stage.write('b/0');
    expect((await read(stage)).at(-1)).toBe(': b/0@1');
    stage.answer('join');
    await stage.settled();
    // Without the partition that went away, and from what was committed: not from the log's beginning.
    expect(await read(stage)).toEqual(['? a/2@0 b/0@1 b/2@0', ': b/0@1']);
  });

  it('make no lists of partitions, with records and without', async () => {
    const stage = await new Stage(true).open();
    await read(stage);
    const made = stage.listsMade;
    for (const place of ['b/0', 'b/0', 'b/2']) {
      stage.write(place);
      await read(stage);
      stage.commit(place);
      await read(stage);
    }
    expect(await read(stage)).toEqual(['? a/0@0 a/2@0 b/0@2 b/2@1', ': ']);
    expect(stage.listsMade).toBe(made);
  });

  it('leave it to kafkajs where a partition is to be read from another broker', async () => {
    const stage = await new Stage(true).open();
    await read(stage);
    stage.redirect('a/2');
    stage.write('a/2');
    stage.write('b/0');
    expect(await read(stage)).toEqual(['? a/0@0 a/2@0 b/0@0 b/2@0', ': ']);
    expect((await read(stage)).at(-1)).toContain('b/0@0');
    stage.write('b/0');
    expect(await read(stage)).toEqual(['? a/0@0 b/0@1 b/2@0', ': b/0@1']);
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
