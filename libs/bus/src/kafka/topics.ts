import { setTimeout as delay } from 'node:timers/promises';
import { topicOf } from '@spillway/contracts/event';
import { Fault, type Problem } from '@spillway/contracts/fault';
import { deadTopics, eventSchemas, retryTopics } from '@spillway/contracts/topology';
import kafkajs, { type Admin } from 'kafkajs';

/** How topics are to be. */
export interface TopicSettings {
  /** Of every topic with events of first attempts. Keys move when it changes, so it is chosen once. */
  readonly partitions: number;
  /** Copies of each partition. Left out: three, or as many as there are brokers. */
  readonly replication?: number;
  /** Milliseconds that a record stays, read or not. */
  readonly retentionMs: number;
  /** The same for dead letters, which wait for a person. */
  readonly deadRetentionMs: number;
}

export interface PlannedTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replication?: number;
  readonly retentionMs: number;
  /** Of the largest batch that it takes, which may be one record. Left out: what the brokers are set to. */
  readonly maxBytes?: number;
}

const DAY_MS = 86_400_000;

const defaultTopicSettings: TopicSettings = {
  partitions: 12,
  retentionMs: 7 * DAY_MS,
  deadRetentionMs: 30 * DAY_MS,
};

/** Seldom written to, and asked for with every fetch: each partition costs all members of the group CPU. */
const RETRY_PARTITIONS = 3;
/** Dead letters are few, and read in one go. */
const DEAD_PARTITIONS = 1;
/** A dead letter is larger than what it holds, which may be as large as brokers take by default, 1 MiB. */
const DEAD_TOPIC_BYTES = 2 * 2 ** 20;
/** All topics are made, and known to all brokers, by then, milliseconds. */
const KNOWN_MS = 30_000;
const PAUSE_MS = 50;

/** Every topic that the contracts name, one for each event and two for each event that a group reads. */
export function planTopics(settings: Partial<TopicSettings> = {}): readonly PlannedTopic[] {
  const { partitions, replication, retentionMs, deadRetentionMs } = { ...defaultTopicSettings, ...settings };
  const copies = replication === undefined ? {} : { replication };
  return [
    ...eventSchemas.map((schema) => ({ topic: topicOf(schema), partitions, retentionMs, ...copies })),
    ...retryTopics.map((topic) => ({
      topic,
      partitions: Math.min(RETRY_PARTITIONS, partitions),
      retentionMs,
      ...copies,
    })),
    ...deadTopics.map((topic) => ({
      topic,
      partitions: DEAD_PARTITIONS,
      retentionMs: deadRetentionMs,
      maxBytes: DEAD_TOPIC_BYTES,
      ...copies,
    })),
  ];
}

/**
 * Throws `misconfigured` with every problem there is: topics that are missing, have too few partitions, drop records
 * before the time that is planned, or keep only the last one of a key. Throws `unavailable` when no broker answers.
 */
export async function checkTopics(admin: Admin, plan: readonly PlannedTopic[]): Promise<void> {
  const found = await findTopics(admin, plan).catch((cause: unknown) => {
    throw new Fault('unavailable', 'the brokers do not say which topics there are', { cause });
  });
  const problems = plan.flatMap((planned) => problemsOf(planned, found.get(planned.topic)));
  if (problems.length > 0) throw new Fault('misconfigured', 'topics are not as they must be', { problems });
}

interface FoundTopic {
  readonly partitions: number;
  readonly retentionMs: number;
  readonly maxBytes: number;
  readonly cleanup: string;
}

function problemsOf(planned: PlannedTopic, found: FoundTopic | undefined): readonly Problem[] {
  const { topic: where, partitions, retentionMs, maxBytes = 0 } = planned;
  if (found === undefined) return [{ where, message: 'is missing' }];
  const problems: Problem[] = [];
  if (found.partitions < partitions) {
    problems.push({ where, message: `has ${found.partitions} partitions, and ${partitions} are planned` });
  }
  if (found.retentionMs >= 0 && found.retentionMs < retentionMs) {
    problems.push({
      where,
      message: `keeps records for ${found.retentionMs} ms, and ${retentionMs} are planned`,
    });
  }
  if (found.maxBytes < maxBytes) {
    problems.push({
      where,
      message: `takes ${found.maxBytes} bytes at once (max.message.bytes), and ${maxBytes} are planned`,
    });
  }
  if (found.cleanup !== 'delete') {
    problems.push({
      where,
      message: `has the cleanup policy ${found.cleanup}, which loses records; set delete`,
    });
  }
  return problems;
}

async function findTopics(
  admin: Admin,
  plan: readonly PlannedTopic[],
): Promise<ReadonlyMap<string, FoundTopic>> {
  const existing = new Set(await admin.listTopics());
  const topics = plan.map(({ topic }) => topic).filter((topic) => existing.has(topic));
  if (topics.length === 0) return new Map();
  const [{ topics: metadata }, { resources }] = await Promise.all([
    admin.fetchTopicMetadata({ topics }),
    admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configNames: ['retention.ms', 'cleanup.policy', 'max.message.bytes'],
      })),
    }),
  ]);
  const settings = new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
  return new Map(
    metadata.map(({ name, partitions }) => [
      name,
      {
        partitions: partitions.length,
        retentionMs: Number(settings.get(name)?.get('retention.ms')),
        maxBytes: Number(settings.get(name)?.get('max.message.bytes')),
        cleanup: settings.get(name)?.get('cleanup.policy') ?? '',
      },
    ]),
  );
}

/**
 * Makes the topics that are missing, and leaves the others as they are. Several processes may do so at once. Throws
 * `misconfigured` with every topic that the brokers refuse, and `unavailable` when none answers.
 */
export async function createTopics(admin: Admin, plan: readonly PlannedTopic[]): Promise<void> {
  const deadline = performance.now() + KNOWN_MS;
  let cause: unknown;
  do {
    try {
      if (await createMissing(admin, plan)) return;
    } catch (error) {
      throwIfRefused(error);
      cause = error;
    }
    await delay(PAUSE_MS);
  } while (performance.now() < deadline);
  throw new Fault('unavailable', 'the brokers did not make all topics in time', { cause });
}

/** True when there was nothing to make: only then do the brokers know of all that others made meanwhile. */
async function createMissing(admin: Admin, plan: readonly PlannedTopic[]): Promise<boolean> {
  const existing = new Set(await admin.listTopics());
  const missing = plan.filter(({ topic }) => !existing.has(topic));
  if (missing.length === 0) return true;
  const { brokers } = await admin.describeCluster();
  const copies = Math.min(3, brokers.length);
  await admin.createTopics({
    topics: missing.map((planned) => configOf(planned, copies)),
    // kafkajs takes a topic that the asked broker has not heard of yet for an error.
    waitForLeaders: false,
  });
  return false;
}

const configOf = (
  { topic, partitions, replication, retentionMs, maxBytes }: PlannedTopic,
  copies: number,
) => ({
  topic,
  numPartitions: partitions,
  replicationFactor: replication ?? copies,
  configEntries: [
    { name: 'retention.ms', value: `${retentionMs}` },
    { name: 'cleanup.policy', value: 'delete' },
    ...(maxBytes === undefined ? [] : [{ name: 'max.message.bytes', value: `${maxBytes}` }]),
    // What was taken must be on two disks where there are three: one of them may be lost at any time.
    { name: 'min.insync.replicas', value: (replication ?? copies) > 2 ? '2' : '1' },
  ],
});

/** What kafkajs throws when some of several topics were not made. */
interface Refusals {
  readonly errors: readonly {
    readonly topic: string;
    readonly type: string;
    readonly message: string;
    readonly retriable: boolean;
  }[];
}

/** What may pass, the next try tells: another process was faster, or a busy broker was not fast enough. */
function throwIfRefused(error: unknown): void {
  const { errors = [] } = error as Partial<Refusals>;
  const refused = errors.filter(({ type, retriable }) => type !== 'TOPIC_ALREADY_EXISTS' && !retriable);
  if (refused.length === 0) return;
  const problems = refused.map(({ topic, message }) => ({ where: topic, message }));
  throw new Fault('misconfigured', 'the brokers refuse to make topics', { cause: error, problems });
}
