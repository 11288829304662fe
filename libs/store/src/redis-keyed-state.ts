import { Fault } from '@spillway/contracts/fault';
import type { Alarm, Change, Claim, Entry, KeyedState } from './keyed-state.js';
import { checkDurability } from './redis-keyed-state/durability.js';
import { type Keyspace, keyspace, SHARDS } from './redis-keyed-state/keyspace.js';
import { connectRedis, type RedisClient, type RedisLogger } from './redis-keyed-state/redis-client.js';
import { openingFault, redisFault } from './redis-keyed-state/redis-fault.js';
import {
  claimScript,
  completeScript,
  dueScript,
  releaseScript,
  renewScript,
  writeScript,
} from './redis-keyed-state/scripts.js';
import { workGate } from './redis-keyed-state/work-gate.js';
import { isAny, sharedSlotTag } from './slot-tag.js';

export interface RedisKeyedStateOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. Any server of a cluster stands for all of it. */
  readonly url: string;
  /** What every key begins with, so that several installations can share a server. Default: `spillway`. */
  readonly prefix?: string;
  /**
   * Throws `misconfigured` when a server may answer before its disk has a write (anything but `appendonly yes` with
   * `appendfsync always`, or if it does not say). Default: warns of what can be lost, and works.
   */
  readonly requireFsync?: boolean;
  /** Hears what can be lost, and when the server is lost and back. */
  readonly logger?: RedisLogger;
}

/** An abandoned claim is kept this long after its lease, so that an owner who is only slow can still complete it. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/**
 * Opens keyed state on Redis 6.2 or newer, alone or a cluster, for any number of processes. Leases and times to live are
 * counted by the server's clock, never by a caller's.
 *
 * What resolves is as durable as the server makes it. With `appendfsync always` it survives kill -9 and loss of power.
 * With `everysec` either can lose the last two seconds: while the disk is busy with a flush, the server answers before
 * it has written to its file at all. A failover to a replica loses what that replica had not heard of. No number is
 * given twice even then. Every server is looked at here, and the logger hears what it can lose.
 *
 * Throws `misconfigured` for an address, password, permission or certificate that cannot work, `unavailable` when the
 * server does not answer. Once open, the state reaches a lost server again by itself; calls meanwhile throw
 * `unavailable` within seconds. A call that throws `unavailable` may have been done.
 */
export async function openRedisKeyedState(options: RedisKeyedStateOptions): Promise<KeyedState> {
  const { url, prefix = 'spillway', requireFsync = false, logger } = options;
  const keys = keyspace(prefix);
  let client: RedisClient | undefined;
  try {
    client = await connectRedis(url, logger);
    await checkDurability(client, requireFsync, logger);
    await proveRights(client, keys);
  } catch (error) {
    client?.disconnect();
    throw openingFault(error);
  }
  return keyedState(client, keys);
}

function keyedState(client: RedisClient, keys: Keyspace): KeyedState {
  const gate = workGate('the keyed state');
  const entries = entriesOf(client, keys);
  const claims = claimsOf(client, keys);
  const guarded = <T>(work: () => Promise<T>): Promise<T> =>
    gate.run(() =>
      work().catch((error: unknown) => {
        throw redisFault(error);
      }),
    );
  return {
    get: (key) => guarded(() => entries.get(key)),
    write: (changes) => guarded(() => entries.write(changes)),
    claim: (key, leaseMs) => guarded(() => claims.claim(key, leaseMs)),
    renew: (key, fence, leaseMs) => guarded(() => claims.renew(key, fence, leaseMs)),
    complete: (key, fence, result, ttlMs) => guarded(() => claims.complete(key, fence, result, ttlMs)),
    release: (key, fence) => guarded(() => claims.release(key, fence)),
    due: (now, limit) => guarded(() => dueAlarms(client, keys, now, limit)),
    async close() {
      await gate.close();
      client.disconnect();
    },
  };
}

/** Runs each kind of script once, to no effect: what a user may not do should be known now. */
async function proveRights(client: RedisClient, keys: Keyspace): Promise<void> {
  const key = '{0}';
  const entries = entriesOf(client, keys);
  const claims = claimsOf(client, keys);
  await entries.write([
    { kind: 'put', key, value: new Uint8Array() },
    { kind: 'delete', key },
    { kind: 'arm', key, at: 0, payload: new Uint8Array() },
    { kind: 'disarm', key },
  ]);
  await entries.get(key);
  await dueAlarms(client, keys, 0, 1);
  const claim = await claims.claim(key, 1);
  if (claim.state === 'claimed') await claims.release(key, claim.fence);
}

function entriesOf(client: RedisClient, keys: Keyspace) {
  return {
    async get(key: string): Promise<Entry | undefined> {
      const found = await client.get(keys.of(key).entry(key));
      if (found === null) return undefined;
      const end = found.indexOf(':');
      return { version: Number(found.toString('latin1', 0, end)), value: found.subarray(end + 1) };
    },
    async write(changes: readonly Change[]): Promise<readonly number[]> {
      if (!isAny(changes)) return [];
      const shard = keys.ofTag(sharedSlotTag(changes));
      const names = [shard.numbers, shard.alarms, shard.payloads];
      const values: (string | number | Buffer)[] = [];
      for (const change of changes) {
        if (change.kind === 'put' || change.kind === 'delete') names.push(shard.entry(change.key));
        values.push(...wordsOf(change));
      }
      const reply = await client.run(writeScript, names, values);
      if (Buffer.isBuffer(reply)) throw new Fault('conflict', reply.toString());
      return reply as readonly number[];
    },
  };
}

function wordsOf(change: Change): readonly (string | number | Buffer)[] {
  switch (change.kind) {
    case 'put':
      return [
        'put',
        change.expect ?? '',
        change.ttlMs === undefined ? '' : wholeMs(change.ttlMs),
        bufferOf(change.value),
      ];
    case 'delete':
      return ['delete'];
    case 'arm':
      return ['arm', change.key, Math.ceil(change.at), bufferOf(change.payload)];
    case 'disarm':
      return ['disarm', change.key];
  }
}

function claimsOf(client: RedisClient, keys: Keyspace) {
  const claimOf = (key: string): string => keys.of(key).claim(key);
  const taken = (key: string): Fault => new Fault('conflict', `${key} was claimed by someone else`);
  return {
    async claim(key: string, leaseMs: number): Promise<Claim> {
      const shard = keys.of(key);
      const names = [shard.claim(key), shard.numbers];
      const reply = await client.run(claimScript, names, [wholeMs(leaseMs), ABANDONED_MS]);
      if (Buffer.isBuffer(reply)) return { state: 'done', result: reply };
      if (typeof reply === 'number') return { state: 'busy', until: reply };
      const [fence] = reply as readonly [number];
      return { state: 'claimed', fence };
    },
    async renew(key: string, fence: number, leaseMs: number): Promise<void> {
      const values = [fence, wholeMs(leaseMs), ABANDONED_MS];
      if ((await client.run(renewScript, [claimOf(key)], values)) !== 1) throw taken(key);
    },
    async complete(key: string, fence: number, result: Uint8Array, ttlMs: number): Promise<void> {
      const values = [fence, bufferOf(result), wholeMs(ttlMs)];
      if ((await client.run(completeScript, [claimOf(key)], values)) !== 1) throw taken(key);
    },
    async release(key: string, fence: number): Promise<void> {
      await client.run(releaseScript, [claimOf(key)], [fence]);
    },
  };
}

/** What a shard is asked for beyond its even share, so that one question is enough even if shares are uneven. */
const SPARE_ALARMS = 8;

/**
 * Asks every shard for its share of the oldest alarms, in one command where one server has all of them, and again for
 * more where a shard may have older ones than those it gave. An alarm is in its shard's list from the very write that
 * armed it, so no alarm is ever only on its way.
 */
async function dueAlarms(
  client: RedisClient,
  { shards }: Keyspace,
  now: number,
  limit: number,
): Promise<readonly Alarm[]> {
  for (let share = Math.ceil((2 * limit) / SHARDS) + SPARE_ALARMS; ; share *= 4) {
    const asked = Math.min(share, limit);
    const ask = async (group: Keyspace['shards']): Promise<readonly Alarm[][]> => {
      const names = group.flatMap(({ alarms, payloads }) => [alarms, payloads]);
      const found = await client.run(dueScript, names, [Math.floor(now), asked]);
      return (found as Buffer[][]).map(alarmsIn);
    };
    const pages = client.clustered
      ? (await Promise.all(shards.map((shard) => ask([shard])))).flat()
      : await ask(shards);
    const oldest = pages.flat().sort(byAge).slice(0, limit);
    const full = pages.filter((page) => page.length === asked);
    const enough = oldest.length === limit && full.every((page) => !isOlder(page.at(-1), oldest.at(-1)));
    if (asked === limit || full.length === 0 || enough) return oldest;
  }
}

function alarmsIn(words: readonly Buffer[]): Alarm[] {
  const alarms: Alarm[] = [];
  for (let at = 0; at < words.length; at += 3) {
    const [key, time, payload] = words.slice(at, at + 3) as [Buffer, Buffer, Buffer];
    alarms.push({ key: key.toString(), at: Number(time.toString('latin1')), payload });
  }
  return alarms;
}

/** Alarms of one moment in the order of their keys, as every driver has it. */
const byAge = (one: Alarm, other: Alarm): number => one.at - other.at || (one.key < other.key ? -1 : 1);

const isOlder = (one: Alarm | undefined, other: Alarm | undefined): boolean =>
  one !== undefined && other !== undefined && byAge(one, other) < 0;

const wholeMs = (ms: number): number => Math.max(1, Math.ceil(ms));

/** The same bytes as a Buffer: the client would take any other array for a list. */
const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
