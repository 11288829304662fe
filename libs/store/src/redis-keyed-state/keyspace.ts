import { Fault } from '@spillway/contracts/fault';
import { slotTag } from '../slot-tag.js';

/**
 * Every tag belongs to one of so many shards, and each shard has its own hash tag on the server. Whatever is written
 * at once, and the alarms and numbers that belong to it, thus lie in one slot, while all alarms can be found by asking
 * every shard. Data is found by this number: it can never change. Enough for a cluster of a dozen nodes.
 */
export const SHARDS = 64;

/** Names of what one shard keeps. */
interface Shard {
  /** The greatest version or fence that was given out. */
  readonly numbers: string;
  /** Alarms by time. */
  readonly alarms: string;
  /** Payloads of alarms. */
  readonly payloads: string;
  entry(key: string): string;
  claim(key: string): string;
}

export interface Keyspace {
  readonly shards: readonly Shard[];
  /** The shard of all keys with this tag. */
  ofTag(tag: string): Shard;
  /** The shard of one key. */
  of(key: string): Shard;
}

/** Throws `misconfigured` for a prefix with braces. */
export function requirePrefix(prefix: string): void {
  if (/[{}]/.test(prefix)) {
    throw new Fault('misconfigured', 'the prefix of the keys in Redis may not have braces: they name slots');
  }
}

/** Names under a prefix of their own. Throws `misconfigured` for a prefix with braces. */
export function keyspace(prefix: string): Keyspace {
  requirePrefix(prefix);
  const shards = Array.from({ length: SHARDS }, (_, index) => shardOf(`{${prefix}:${index}}`));
  const ofTag = (tag: string): Shard => shards[hashOf(tag) % SHARDS] as Shard;
  return { shards, ofTag, of: (key) => ofTag(slotTag(key)) };
}

function shardOf(base: string): Shard {
  return {
    numbers: `${base}numbers`,
    alarms: `${base}alarms`,
    payloads: `${base}payloads`,
    entry: (key) => `${base}entry:${key}`,
    claim: (key) => `${base}claim:${key}`,
  };
}

/** FNV-1a, 32 bits: spreads short ids evenly and costs nothing beside a round trip. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
