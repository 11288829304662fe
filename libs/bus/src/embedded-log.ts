import type { DatabaseSync } from 'node:sqlite';
import { NO_HEADERS, type Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import type { BusRecord } from './bus.js';
import { partitionOf } from './partition.js';

/** One partition of one topic. */
export interface Stream {
  readonly number: number;
  readonly topic: string;
  readonly partition: number;
}

/** A group's committed offset in one stream: everything below it is done. */
export interface CommittedOffset {
  readonly group: string;
  readonly stream: Stream;
  readonly offset: number;
}

/** Whose output an event is: the group, and the offset of the record that it handled. */
export interface Cause {
  readonly group: string;
  readonly offset: number;
}

/** Which records may be deleted. */
interface Expiry {
  /** Records from this moment on are kept, whatever their stream. */
  readonly youngest: number;
  /** Records of a stream below `offset` that are older than `before` may go. */
  of(stream: Stream): { readonly offset: number; readonly before: number };
}

/** Reads forward through the records of some streams. */
export interface StreamReader {
  /**
   * Hands over the records of a range, in order, until one of the limits is reached, and gives their number. The
   * record that passes `bytes` is the last one.
   */
  read(
    range: { readonly from: number; readonly to: number },
    limit: { readonly records: number; readonly bytes: number },
    take: (stream: Stream, record: BusRecord) => void,
  ): number;
  count(from: number, to: number): number;
}

/**
 * The log's tables, and nothing but them. All calls are synchronous; `append`, `commit` and `trim` belong inside a
 * transaction of the caller.
 */
export interface EmbeddedLog {
  /** The streams of a topic, by partition; creates them, in a transaction of its own, when they are not there. */
  streamsOf(topic: string): readonly Stream[];
  /** Writes all events or, when it throws, none. */
  append(events: readonly Outgoing[], timestamp: number, cause?: Cause): readonly BusRecord[];
  /** Offsets, from `from` on, of the records that have outputs of this group on the log: they are done. */
  answered(group: string, from: number): Set<number>;
  reader(streams: readonly Stream[]): StreamReader;
  committed(group: string): ReadonlyMap<number, number>;
  commit(offsets: readonly CommittedOffset[]): void;
  /** Lowest committed offset of each stream over all groups that know it. */
  lowestCommitted(): ReadonlyMap<number, number>;
  /** Looks at `limit` records from `from` on; gives the offset to go on from, undefined when there is no more. */
  trim(from: number, limit: number, expiry: Expiry): number | undefined;
  /** The offset that the next record gets. */
  readonly next: number;
}

/**
 * One sequence for the whole log: a record's offset grows within its partition, with gaps. All appends then go to the
 * last page of one tree, which makes a small transaction several times cheaper than a tree per partition would, and
 * a group that lags reads in the order in which things happened, whatever their topic.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE streams (
     number INTEGER PRIMARY KEY,
     topic TEXT NOT NULL,
     partition INTEGER NOT NULL,
     UNIQUE (topic, partition)
   ) STRICT;
   CREATE TABLE records (
     offset INTEGER PRIMARY KEY,
     stream INTEGER NOT NULL,
     timestamp INTEGER NOT NULL,
     key TEXT NOT NULL,
     id TEXT NOT NULL,
     cause_group TEXT,
     cause_offset INTEGER,
     headers TEXT NOT NULL,
     value BLOB NOT NULL
   ) STRICT;
   CREATE TABLE offsets (
     consumer TEXT NOT NULL,
     stream INTEGER NOT NULL,
     offset INTEGER NOT NULL,
     PRIMARY KEY (consumer, stream)
   ) STRICT, WITHOUT ROWID;`,
];

type Row = {
  readonly offset: number;
  readonly stream: number;
  readonly timestamp: number;
  readonly key: string;
  readonly id: string;
  readonly headers: string;
  readonly value: Uint8Array;
};

const encodeHeaders = (headers: Readonly<Record<string, string>>): string => {
  for (const _ in headers) return JSON.stringify(headers);
  return '';
};
const decodeHeaders = (headers: string): Readonly<Record<string, string>> =>
  headers === '' ? NO_HEADERS : (JSON.parse(headers) as Record<string, string>);

/** Opens the tables of a migrated database; new topics get so many partitions, known ones keep theirs. */
export function embeddedLog(database: DatabaseSync, partitions: number): EmbeddedLog {
  const registry = streamRegistry(database, partitions);
  const appender = recordAppender(database, registry);
  const saveOffset = database.prepare(
    'INSERT INTO offsets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET offset = max(offset, excluded.offset)',
  );
  // An output comes after its cause.
  const answers = database.prepare(
    'SELECT cause_offset AS offset FROM records WHERE offset > ? AND cause_group = ? AND cause_offset >= ?',
  );
  const offsetsOf = database.prepare('SELECT stream, offset FROM offsets WHERE consumer = ?');
  const lowest = database.prepare('SELECT stream, min(offset) AS offset FROM offsets GROUP BY stream');

  return {
    streamsOf: registry.streamsOf,
    append: appender.append,
    answered: (group, from) => new Set(answers.all(from, group, from).map((row) => row['offset'] as number)),
    reader: (streams) => streamReader(database, registry, streams),
    committed: (group) => offsetMap(offsetsOf.all(group)),
    commit(offsets) {
      for (const { group, stream, offset } of offsets) saveOffset.run(group, stream.number, offset);
    },
    lowestCommitted: () => offsetMap(lowest.all()),
    trim: trimmer(database, registry),
    get next() {
      return appender.next;
    },
  };
}

const offsetMap = (rows: readonly Record<string, unknown>[]): ReadonlyMap<number, number> =>
  new Map(rows.map((row) => [row['stream'] as number, row['offset'] as number]));

interface StreamRegistry {
  streamsOf(topic: string): readonly Stream[];
  byNumber(number: number): Stream;
}

function streamRegistry(database: DatabaseSync, partitions: number): StreamRegistry {
  const insert = database.prepare('INSERT INTO streams (topic, partition) VALUES (?, ?)');
  const select = database.prepare('SELECT number, topic, partition FROM streams ORDER BY topic, partition');
  const byTopic = new Map<string, readonly Stream[]>();
  const byNumber = new Map<number, Stream>();

  function load(): void {
    const streams = select.all() as unknown as readonly Stream[];
    for (const stream of streams) byNumber.set(stream.number, stream);
    for (const [topic, members] of Map.groupBy(streams, (stream) => stream.topic))
      byTopic.set(topic, members);
  }

  function create(topic: string): void {
    database.exec('BEGIN IMMEDIATE');
    try {
      for (let partition = 0; partition < partitions; partition += 1) insert.run(topic, partition);
      database.exec('COMMIT');
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw new Fault('unavailable', `topic ${topic} could not be created`, { cause });
    }
    load();
  }

  load();
  return {
    streamsOf(topic) {
      if (!byTopic.has(topic)) create(topic);
      return byTopic.get(topic) as readonly Stream[];
    },
    byNumber: (number) => byNumber.get(number) as Stream,
  };
}

function recordAppender(database: DatabaseSync, registry: StreamRegistry) {
  const insert = database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const undo = database.prepare('DELETE FROM records WHERE offset >= ?');
  const last = database.prepare('SELECT max(offset) AS offset FROM records').get() as {
    offset: number | null;
  };
  let next = (last.offset ?? -1) + 1;

  function write(event: Outgoing, timestamp: number, group: string | null, cause: number | null): BusRecord {
    const { topic, id, value, headers, decoded } = event;
    // SQLite keeps UTF-8: what is delivered from memory must be what a later reading gives.
    const key = event.key.toWellFormed();
    const streams = registry.streamsOf(topic);
    const { number, partition } = streams[partitionOf(key, streams.length)] as Stream;
    const offset = next;
    insert.run(offset, number, timestamp, key, id, group, cause, encodeHeaders(headers), value);
    next += 1;
    return { topic, partition, offset, key, id, value, headers, timestamp, decoded };
  }

  return {
    append(events: readonly Outgoing[], timestamp: number, cause?: Cause): readonly BusRecord[] {
      const first = next;
      const group = cause?.group ?? null;
      const offset = cause?.offset ?? null;
      try {
        return events.map((event) => write(event, timestamp, group, offset));
      } catch (cause) {
        if (database.isTransaction) undo.run(first);
        throw new Fault('unavailable', 'the log could not take the events in', { cause });
      }
    },
    get next() {
      return next;
    },
  };
}

function streamReader(
  database: DatabaseSync,
  registry: StreamRegistry,
  streams: readonly Stream[],
): StreamReader {
  const among = `offset >= ? AND offset < ? AND stream IN (${streams.map((s) => s.number).join(', ')})`;
  const select = database.prepare(
    `SELECT offset, stream, timestamp, key, id, headers, value FROM records WHERE ${among} ORDER BY offset LIMIT ?`,
  );
  const count = database.prepare(`SELECT count(*) AS records FROM records WHERE ${among}`);
  return {
    read({ from, to }, limit, take) {
      let read = 0;
      let bytes = 0;
      for (const row of select.iterate(from, to, limit.records) as unknown as Iterable<Row>) {
        const stream = registry.byNumber(row.stream);
        take(stream, recordOf(row, stream));
        read += 1;
        bytes += row.value.length;
        if (bytes >= limit.bytes) break;
      }
      return read;
    },
    count: (from, to) => (count.get(from, to) as { records: number }).records,
  };
}

const recordOf = (row: Row, { topic, partition }: Stream): BusRecord => ({
  topic,
  partition,
  offset: row.offset,
  key: row.key,
  id: row.id,
  value: row.value,
  headers: decodeHeaders(row.headers),
  timestamp: row.timestamp,
  decoded: undefined,
});

function trimmer(database: DatabaseSync, registry: StreamRegistry): EmbeddedLog['trim'] {
  // The newest record stays: the next offset is derived from it.
  const select = database.prepare(
    `SELECT offset, stream, timestamp FROM records
     WHERE offset >= ? AND offset < (SELECT max(offset) FROM records) ORDER BY offset LIMIT ?`,
  );
  const remove = database.prepare('DELETE FROM records WHERE offset = ?');
  return (from, limit, expiry) => {
    const rows = select.all(from, limit) as unknown as readonly Row[];
    for (const { offset, stream, timestamp } of rows) {
      if (timestamp >= expiry.youngest) return undefined;
      const expired = expiry.of(registry.byNumber(stream));
      if (offset < expired.offset && timestamp < expired.before) remove.run(offset);
    }
    const last = rows.at(-1);
    return last === undefined || rows.length < limit ? undefined : last.offset + 1;
  };
}
