import { createRequire } from 'node:module';
import type { AskedTopic } from './fetch-session.js';

interface FetchRequest {
  readonly topics: readonly AskedTopic[];
}

interface FetchAnswer {
  /** Topics with something new. */
  readonly responses: readonly unknown[];
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
  fetch(nodeId: string): Promise<readonly unknown[]>;
  recoverFromFetch(error: unknown): Promise<void>;
}

/** Everything that changes what a member asks for next, other than new metadata. */
const CHANGES = [
  ...['joinAndSync', 'recoverFromFetch', 'pause', 'resume', 'seek'],
  ...['resolveOffset', 'resetOffset', 'commitOffsets', 'commitOffsetsIfNecessary'],
] as const;

/** What a member has asked a broker for, and at which of its changes and with which metadata. */
interface Asked {
  readonly request: FetchRequest;
  readonly changes: number;
  readonly metadata: object;
}

const require = createRequire(import.meta.url);
const { prototype: member } = require('kafkajs/src/consumer/consumerGroup') as { prototype: Partial<Member> };
const { prototype: broker } = require('kafkajs/src/broker') as { prototype: Partial<Broker> };

let repeated: boolean | undefined;

/**
 * Lets the members of kafkajs repeat a fetch as it was, as long as nothing has changed. Left alone they make lists of all
 * their partitions a dozen times for each fetch, also where nothing ever comes: a third of what an idle process does in
 * JavaScript. As soon as there is something to read, kafkajs asks as always, and the answer is given to it if its request
 * is the same. False when this kafkajs is another one than this was made for; then nothing is changed.
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
  const answers = new WeakMap<Broker, { readonly request: FetchRequest; readonly answer: FetchAnswer }>();
  const last = new WeakMap<Broker, Asked>();
  const changesOf = countChanges(members);

  brokers.fetch = async function (this: Broker, request: FetchRequest): Promise<FetchAnswer> {
    const known = answers.get(this);
    if (known !== undefined && isSame(known.request.topics, request.topics)) return known.answer;
    requests.set(this, request);
    return ask.call(this, request);
  };

  members.fetch = async function (this: Member, nodeId: string): Promise<readonly unknown[]> {
    const reader = this.cluster.brokerPool.brokers[nodeId];
    // With racks the broker may send a reader to another one for a while.
    if (reader === undefined || this.rackId !== '') return fetch.call(this, nodeId);
    const asked = last.get(reader);
    if (asked === undefined || !isUnchanged(this, reader, asked, changesOf(this))) {
      requests.delete(reader);
      const { metadata } = this.cluster.brokerPool;
      const changes = changesOf(this);
      const batches = await fetch.call(this, nodeId);
      const request = requests.get(reader);
      const isKnown = metadata !== null && metadata === this.cluster.brokerPool.metadata;
      if (request !== undefined && isKnown) last.set(reader, { request, changes, metadata });
      return batches;
    }
    try {
      const answer = await ask.call(reader, asked.request);
      if (answer.responses.length === 0) return [];
      answers.set(reader, { request: asked.request, answer });
    } catch (error) {
      await this.recoverFromFetch(error);
      return [];
    }
    try {
      return await fetch.call(this, nodeId);
    } finally {
      answers.delete(reader);
    }
  };

  return true;
}

function isUnchanged(member: Member, reader: Broker, asked: Asked, changes: number): boolean {
  const { metadata, metadataExpireAt } = member.cluster.brokerPool;
  return (
    asked.changes === changes &&
    asked.metadata === metadata &&
    metadataExpireAt !== null &&
    Date.now() <= metadataExpireAt &&
    reader.isConnected()
  );
}

/** Returns how often what a member asks for may have changed so far: when each change began, and when it was done. */
function countChanges(members: Partial<Member>): (member: Member) => number {
  const counts = new WeakMap<object, number>();
  const count = (member: object): void => void counts.set(member, (counts.get(member) ?? 0) + 1);
  const methods = members as Record<string, (...given: unknown[]) => unknown>;
  for (const name of CHANGES) {
    const method = methods[name] as (...given: unknown[]) => unknown;
    methods[name] = function (this: object, ...given: unknown[]): unknown {
      count(this);
      const result = method.apply(this, given);
      return result instanceof Promise ? result.finally(() => count(this)) : result;
    };
  }
  return (member) => counts.get(member) ?? 0;
}

function isSame(topics: readonly AskedTopic[], others: readonly AskedTopic[]): boolean {
  return (
    topics.length === others.length &&
    topics.every(({ topic, partitions }, at) => {
      const other = others[at];
      return (
        other?.topic === topic &&
        other.partitions.length === partitions.length &&
        partitions.every((asked, place) => {
          const same = other.partitions[place];
          return same?.partition === asked.partition && same.fetchOffset === asked.fetchOffset;
        })
      );
    })
  );
}

/** It asks one broker for what it is a member of, and does everything that is counted as a change by these methods. */
function isAsExpected(members: Partial<Member>): boolean {
  const source = String(members.fetch);
  const methods = members as Readonly<Record<string, unknown>>;
  return (
    CHANGES.every((name) => typeof methods[name] === 'function') &&
    [
      'await this.cluster.refreshMetadataIfNecessary()',
      'this.checkForStaleAssignment()',
      'await this.seekOffsets(topicPartitions)',
      'this.offsetManager.nextOffset(topic, partition)',
      'this.getActiveTopicPartitions()',
      'const { responses } = await broker.fetch({',
      'await this.recoverFromFetch(e)',
    ].every((part) => source.includes(part))
  );
}
