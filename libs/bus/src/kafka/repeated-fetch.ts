import { createRequire } from 'node:module';
import type { AskedTopic } from './fetch-session.js';

interface FetchRequest {
  readonly topics: readonly AskedTopic[];
}

/** What is used of what a broker says of one partition. */
interface FetchedPartition {
  readonly partition: number;
  /** Where the broker would rather have this partition read; it may give no records itself then. */
  readonly preferredReadReplica?: number;
}

interface FetchAnswer {
  /** Topics with something new. */
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What is used of kafkajs's broker, which every reader has to itself. */
interface Broker {
  isConnected(): boolean;
  fetch(request: FetchRequest): Promise<FetchAnswer>;
}

/** What is used of kafkajs's member of a group. */
interface Member {
  readonly rackId: string;
  readonly cluster: {
    readonly brokerPool: {
      readonly brokers: Readonly<Record<string, Broker>>;
      /** Another object after each refresh. */
      readonly metadata: object | null;
      readonly metadataExpireAt: number | null;
    };
  };
  /** Another one with each assignment, before joining is said to be over: it has yet to find its positions out then. */
  readonly offsetManager: { nextOffset(topic: string, partition: number): { toString(): string } };
  readonly seekOffset: { has(topic: string, partition: number): boolean };
  readonly subscriptionState: { isPaused(topic: string, partition: number): boolean };
  fetch(nodeId: string): Promise<readonly unknown[]>;
  recoverFromFetch(error: unknown): Promise<void>;
  resolveOffset(position: TopicPartition): void;
}

/** Everything that changes what a member asks for next, other than new metadata and records that were taken. */
const CHANGES = ['joinAndSync', 'recoverFromFetch', 'pause', 'resume', 'seek', 'resetOffset'] as const;

/** What a member has asked a broker for, of which positions, and at which of its changes and with which metadata. */
interface Asked {
  readonly request: FetchRequest;
  readonly positions: Member['offsetManager'];
  readonly changes: number;
  readonly metadata: object;
}

/** What has become of what a member asks for. */
interface Progress {
  changes: number;
  /** Partitions of which records were taken since they were last asked for, by their topics. */
  readonly moved: Map<string, Set<number>>;
}

const require = createRequire(import.meta.url);
const { prototype: member } = require('kafkajs/src/consumer/consumerGroup') as { prototype: Partial<Member> };
const { prototype: broker } = require('kafkajs/src/broker') as { prototype: Partial<Broker> };
const { prototype: offsets } = require('kafkajs/src/consumer/offsetManager') as { prototype: object };
const Batch = require('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  fetched: FetchedPartition,
) => object;

let repeated: boolean | undefined;

/**
 * Lets the members of kafkajs repeat a fetch, as long as nothing but their positions has changed. Left alone they make
 * lists of all their partitions a dozen times for each fetch: of what a message left to the collector, a third. False
 * when this kafkajs is another one than this was made for; then nothing is changed.
 */
export function repeatFetches(): boolean {
  repeated ??= patch(member, broker);
  return repeated;
}

/** For `repeatFetches`, on whatever prototypes. */
export function patch(members: Partial<Member>, brokers: Partial<Broker>): boolean {
  const { fetch } = members;
  const ask = brokers.fetch;
  if (typeof fetch !== 'function' || typeof ask !== 'function' || !isAsExpected(members)) return false;
  const requests = new WeakMap<Broker, FetchRequest>();
  const last = new WeakMap<Broker, Asked>();
  /** Those that want to be read elsewhere, which only kafkajs keeps track of. */
  const redirecting = new WeakSet<Broker>();
  const progressOf = watchProgress(members);

  brokers.fetch = async function (this: Broker, request: FetchRequest): Promise<FetchAnswer> {
    requests.set(this, request);
    const answer = await ask.call(this, request);
    if (isRedirect(answer)) redirecting.add(this);
    return answer;
  };

  members.fetch = async function (this: Member, nodeId: string): Promise<readonly unknown[]> {
    const reader = this.cluster.brokerPool.brokers[nodeId];
    // With racks the broker may send a reader to another one for a while.
    if (reader === undefined || this.rackId !== '' || redirecting.has(reader))
      return fetch.call(this, nodeId);
    const progress = progressOf(this);
    const asked = last.get(reader);
    if (asked === undefined || !isUnchanged(this, reader, asked, progress.changes)) {
      requests.delete(reader);
      const { metadata } = this.cluster.brokerPool;
      const { changes } = progress;
      const { offsetManager: positions } = this;
      const batches = await fetch.call(this, nodeId);
      const request = requests.get(reader);
      const isKnown = metadata !== null && metadata === this.cluster.brokerPool.metadata;
      if (request !== undefined && isKnown) last.set(reader, { request, positions, changes, metadata });
      return batches;
    }
    const request = movedOn(asked.request, progress.moved, this);
    last.set(reader, { ...asked, request });
    try {
      const answer = await reader.fetch(request);
      // Nothing was taken, so that kafkajs is told the same once more.
      return redirecting.has(reader) ? [] : batchesOf(answer, request, this);
    } catch (error) {
      await this.recoverFromFetch(error);
      return [];
    }
  };

  return true;
}

function isUnchanged(member: Member, reader: Broker, asked: Asked, changes: number): boolean {
  const { metadata, metadataExpireAt } = member.cluster.brokerPool;
  return (
    asked.changes === changes &&
    asked.positions === member.offsetManager &&
    asked.metadata === metadata &&
    metadataExpireAt !== null &&
    Date.now() <= metadataExpireAt &&
    reader.isConnected()
  );
}

const isRedirect = ({ responses }: FetchAnswer): boolean =>
  responses.some(({ partitions }) =>
    partitions.some(
      ({ preferredReadReplica }) => preferredReadReplica != null && preferredReadReplica !== -1,
    ),
  );

/** Whatever has not moved is the same object as before: so its session sees what has. */
function movedOn(request: FetchRequest, moved: Progress['moved'], member: Member): FetchRequest {
  if (moved.size === 0) return request;
  const topics = request.topics.map((asked) => {
    const { topic, partitions } = asked;
    const taken = moved.get(topic);
    if (taken === undefined) return asked;
    const renewed = partitions.map((each) => {
      if (!taken.delete(each.partition)) return each;
      return { ...each, fetchOffset: member.offsetManager.nextOffset(topic, each.partition).toString() };
    });
    if (taken.size === 0) moved.delete(topic);
    return isSame(renewed, partitions) ? asked : { topic, partitions: renewed };
  });
  return isSame(topics, request.topics) ? request : { ...request, topics };
}

const isSame = (list: readonly object[], other: readonly object[]): boolean =>
  list.every((each, at) => each === other[at]);

/** What kafkajs makes of an answer: what was paused meanwhile, or is to be read from elsewhere, is left out. */
const batchesOf = ({ responses }: FetchAnswer, { topics }: FetchRequest, member: Member): object[] =>
  responses.flatMap(({ topicName, partitions }) => {
    const asked = topics.find(({ topic }) => topic === topicName)?.partitions ?? [];
    return partitions.flatMap((fetched) => {
      const { partition } = fetched;
      const isWanted =
        !member.seekOffset.has(topicName, partition) &&
        !member.subscriptionState.isPaused(topicName, partition);
      const from = asked.find((each) => each.partition === partition);
      return isWanted && from !== undefined ? [new Batch(topicName, from.fetchOffset, fetched)] : [];
    });
  });

/** Returns what a member's changes have come to: counted when each began, and when it was done. */
function watchProgress(members: Partial<Member>): (member: object) => Progress {
  const known = new WeakMap<object, Progress>();
  const progressOf = (member: object): Progress => {
    const progress = known.get(member) ?? { changes: 0, moved: new Map() };
    known.set(member, progress);
    return progress;
  };
  const count = (member: object): void => {
    progressOf(member).changes += 1;
  };
  const methods = members as Record<string, (...given: unknown[]) => unknown>;
  for (const name of CHANGES) {
    const method = methods[name] as (...given: unknown[]) => unknown;
    methods[name] = function (this: object, ...given: unknown[]): unknown {
      count(this);
      const result = method.apply(this, given);
      return result instanceof Promise ? result.finally(() => count(this)) : result;
    };
  }
  const resolve = members.resolveOffset as Member['resolveOffset'];
  members.resolveOffset = function (this: Member, position: TopicPartition): void {
    const { moved } = progressOf(this);
    const { topic, partition } = position;
    moved.set(topic, (moved.get(topic) ?? new Set()).add(partition));
    resolve.call(this, position);
  };
  return progressOf;
}

/** It asks one broker for what it is a member of, and does everything that is counted as a change by these methods. */
function isAsExpected(members: Partial<Member>): boolean {
  const source = String(members.fetch);
  const methods = members as Readonly<Record<string, unknown>>;
  return (
    [...CHANGES, 'resolveOffset'].every((name) => typeof methods[name] === 'function') &&
    [
      'await this.cluster.refreshMetadataIfNecessary()',
      'this.checkForStaleAssignment()',
      'await this.seekOffsets(topicPartitions)',
      'this.offsetManager.nextOffset(topic, partition)',
      'this.getActiveTopicPartitions()',
      'const { responses } = await broker.fetch({',
      '!this.seekOffset.has(topicName, partition)',
      '!this.subscriptionState.isPaused(topicName, partition)',
      'const fetchedOffset = partitionRequestData.fetchOffset',
      'return new Batch(topicName, fetchedOffset, partitionData)',
      'await this.recoverFromFetch(e)',
    ].every((part) => source.includes(part)) &&
    arePositionsAsExpected(offsets as Readonly<Record<string, unknown>>)
  );
}

/** Where a member reads next is what it has taken, and a commit does not change that. */
const arePositionsAsExpected = ({ nextOffset, commitOffsets }: Readonly<Record<string, unknown>>): boolean =>
  String(nextOffset).includes('let offset = this.resolvedOffsets[topic][partition]') &&
  !String(commitOffsets).includes('resolvedOffsets');
