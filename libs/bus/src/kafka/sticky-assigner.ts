import { type Assigner, AssignerProtocol, type Assignment, type PartitionAssigner } from 'kafkajs';
import { assignPartitions, type Member, type TopicPartition } from './sticky-assignment.js';

/** Shares partitions out so that members keep what they have. */
export interface StickyAssigner extends Assigner {
  /** To be told what the member was given, each time: it asks for the same again when it joins the next time. */
  assigned(assignment: Assignment): void;
}

/** What a member tells the leader of its group when it joins. */
interface Claim {
  /** Milliseconds since the epoch when the member was given it. */
  readonly at: number;
  readonly partitions: Assignment;
}

const VERSION = 1;

/**
 * For kafkajs, with the eager protocol: everybody stops, and gets nearly the same partitions as before. Members that
 * are never told what they were given (`assigned`) get a balanced share all the same.
 */
export const stickyAssigner = (({ cluster }) => {
  let claim: Claim = { at: 0, partitions: {} };
  return {
    name: 'spillway-sticky',
    version: VERSION,
    assigned(partitions) {
      claim = { at: Date.now(), partitions };
    },
    protocol({ topics }) {
      const userData = Buffer.from(JSON.stringify(claim));
      return {
        name: 'spillway-sticky',
        metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData }),
      };
    },
    async assign({ members }) {
      const known = members.map(({ memberId, memberMetadata }) => memberOf(memberId, memberMetadata));
      const topics = [...new Set(known.flatMap((member) => member.topics))];
      // The leader need not read all that its members read, but must know how many partitions it has.
      await cluster.addMultipleTargetTopics(topics);
      const partitions = topics.flatMap((topic) =>
        cluster
          .findTopicPartitionMetadata(topic)
          .map(({ partitionId }) => ({ topic, partition: partitionId })),
      );
      return Array.from(assignPartitions(known, partitions), ([memberId, share]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment: byTopic(share),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  };
}) satisfies (config: Parameters<PartitionAssigner>[0]) => StickyAssigner;

function memberOf(id: string, metadata: Buffer): Member {
  const { topics, userData } = AssignerProtocol.MemberMetadata.decode(metadata) ?? {
    topics: [],
    userData: null,
  };
  const { at, partitions } = readClaim(userData);
  const held = Object.entries(partitions).flatMap(([topic, list]) =>
    list.map((partition) => ({ topic, partition })),
  );
  return { id, topics, held, heldSince: at };
}

/** A member that says something else, such as one of another version, claims nothing. */
function readClaim(userData: Buffer | null): Claim {
  const none = { at: 0, partitions: {} };
  try {
    const { at, partitions } = JSON.parse(String(userData)) as Partial<Claim>;
    const isClaim = typeof at === 'number' && Object.values(partitions ?? 'x').every(Array.isArray);
    return isClaim && partitions !== undefined ? { at, partitions } : none;
  } catch {
    return none;
  }
}

const byTopic = (partitions: readonly TopicPartition[]): Assignment =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(partitions, ({ topic }) => topic),
      ([topic, list]) => [topic, list.map(({ partition }) => partition)],
    ),
  );
