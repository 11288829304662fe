import type { Redis } from 'ioredis';
import type { RedisClient, RedisLogger } from './redis-client.js';
import { misconfigured } from './redis-fault.js';

/** What a server does to keep what it acknowledged. Undefined: it does not say. */
interface Persistence {
  readonly appendOnly: boolean | undefined;
  readonly fsync: string | undefined;
  readonly evictionPolicy: string | undefined;
}

/**
 * Looks at how each server keeps what it acknowledges, and warns of what can be lost. With `requireFsync` throws
 * `misconfigured` unless every server answers only once its disk has the write.
 */
export async function checkDurability(
  client: RedisClient,
  requireFsync: boolean,
  logger: RedisLogger | undefined,
): Promise<void> {
  const found = await Promise.all(client.masters().map(persistenceOf));
  for (const warning of new Set(found.flatMap(warningsOf))) logger?.warn({}, warning);
  if (!requireFsync) return;
  if (found.some(({ appendOnly, fsync }) => appendOnly !== true || fsync !== 'always')) {
    throw misconfigured(
      'Redis must answer only once its disk has a write: set appendonly yes and appendfsync always, and let this user read them (INFO, CONFIG GET)',
    );
  }
}

async function persistenceOf(server: Redis): Promise<Persistence> {
  const [info, fsync] = await Promise.all([
    allowed(server.info()),
    allowed(server.config('GET', 'appendfsync') as Promise<readonly string[]>),
  ]);
  const said = (field: string): string | undefined =>
    new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(info ?? '')?.[1];
  const enabled = said('aof_enabled');
  return {
    appendOnly: enabled === undefined ? undefined : enabled === '1',
    fsync: fsync?.[1],
    evictionPolicy: said('maxmemory_policy'),
  };
}

/** Managed servers forbid some of the questions. */
async function allowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return undefined;
    throw error;
  }
}

function warningsOf({ appendOnly, fsync, evictionPolicy }: Persistence): readonly string[] {
  const warnings: string[] = [];
  if (appendOnly === undefined || (appendOnly && fsync === undefined)) {
    warnings.push(
      'how Redis keeps its data could not be checked: without appendonly yes a restart loses paid results and open cases',
    );
  } else if (!appendOnly) {
    warnings.push('Redis loses paid results and open cases when it restarts: set appendonly yes');
  } else if (fsync === 'no') {
    warnings.push(
      'a crash of the Redis machine can lose half a minute of results: set appendfsync everysec or always',
    );
  } else if (fsync === 'everysec') {
    warnings.push(
      'a crash of Redis or of its machine can lose the last two seconds: appendfsync always loses nothing',
    );
  }
  if (evictionPolicy === undefined) {
    warnings.push('whether Redis evicts keys could not be checked: maxmemory-policy must be noeviction');
  } else if (evictionPolicy !== 'noeviction') {
    warnings.push(
      `Redis may throw away paid results and open cases when its memory is full: set maxmemory-policy noeviction, not ${evictionPolicy}`,
    );
  }
  return warnings;
}
