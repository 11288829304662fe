import type { Budget, BudgetCap, CapUsage, Reservation, Reserved } from './budget.js';
import {
  type CappedCounter,
  type Counter,
  checkAmount,
  checkCaps,
  counterOf,
  countersOf,
  fullest,
  KEPT_MS,
} from './budget-period.js';
import { reserveScript, settleScript, usageScript } from './redis-budget-scripts.js';
import { requirePrefix } from './redis-keyed-state/keyspace.js';
import { connectRedis, type RedisClient, type RedisLogger } from './redis-keyed-state/redis-client.js';
import { openingFault, redisFault } from './redis-keyed-state/redis-fault.js';
import { workGate } from './redis-keyed-state/work-gate.js';

export interface RedisBudgetOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. Any server of a cluster stands for all of it. */
  readonly url: string;
  /** What every key begins with, as for keyed state. Default: `spillway`. */
  readonly prefix?: string;
  readonly caps: readonly BudgetCap[];
  /** Milliseconds since the epoch. Days and months go by it, as the prices of calls do. */
  readonly now?: () => number;
  /** Hears when the server is lost and back. */
  readonly logger?: RedisLogger;
}

/**
 * Opens the budget on Redis 6.2 or newer, alone or a cluster, for any number of processes. All of it lies in one slot, so
 * that each operation is one script, atomic over every cap. Counters are kept by model and period whatever the caps are:
 * processes with different caps share them, and each holds its own.
 *
 * What a server loses of its last writes is no longer counted. Throws `misconfigured` for caps that cannot be held and
 * for an address that cannot work, `unavailable` when the server does not answer. Once open, it reaches a lost server
 * again by itself; calls meanwhile throw `unavailable` within seconds, and may have been done.
 */
export async function openRedisBudget(options: RedisBudgetOptions): Promise<Budget> {
  const { url, prefix = 'spillway', caps, now = Date.now, logger } = options;
  checkCaps(caps);
  requirePrefix(prefix);
  let client: RedisClient | undefined;
  try {
    client = await connectRedis(url, logger);
    const budget = budgetOf(client, `{${prefix}:budget}`, caps, now);
    await proveRights(budget, now);
    return budget;
  } catch (error) {
    client?.disconnect();
    throw openingFault(error);
  }
}

/** Runs each script once, to no effect: what a user may not do should be known now. */
async function proveRights(budget: Budget, now: () => number): Promise<void> {
  const proof = { callId: '', model: '', nanos: 0n, atMs: now() };
  await budget.reserve(proof.callId, proof.model, proof.nanos);
  await budget.settle(proof, 0n);
  await budget.usage();
}

function budgetOf(client: RedisClient, slot: string, caps: readonly BudgetCap[], now: () => number): Budget {
  const gate = workGate('the budget');
  const reservationKey = (callId: string): string => `${slot}reservation:${callId}`;
  const counterKey = ({ period, model }: Counter): string => `${slot}counter:${period}:${model}`;
  const guarded = <T>(work: () => Promise<T>): Promise<T> =>
    gate.run(() =>
      work().catch((error: unknown) => {
        throw redisFault(error);
      }),
    );

  async function reserve(callId: string, model: string, nanos: bigint): Promise<Reserved> {
    checkAmount(nanos);
    const atMs = Math.floor(now());
    const counters = countersOf(caps, model, atMs);
    const reply = await client.run(
      reserveScript,
      [reservationKey(callId), ...counters.map(counterKey)],
      [`${nanos}`, atMs, atMs + KEPT_MS, ...counters.flatMap(limitOf)],
    );
    if (Buffer.isBuffer(reply)) {
      return { state: 'reserved', reservation: { callId, model, ...amountOf(reply) } };
    }
    const full = (reply as readonly number[]).flatMap((at) => counters[at - 1] ?? []);
    const inTheWay = fullest(full, nanos);
    return inTheWay === undefined
      ? { state: 'reserved', reservation: { callId, model, nanos, atMs } }
      : { state: 'full', ...inTheWay };
  }

  async function settle(reservation: Reservation, costNanos: bigint | undefined): Promise<void> {
    if (costNanos !== undefined) checkAmount(costNanos);
    const { callId, model, atMs } = reservation;
    const counters = countersOf(caps, model, atMs);
    await client.run(
      settleScript,
      [reservationKey(callId), ...counters.map(counterKey)],
      [costNanos === undefined ? '' : `${costNanos}`],
    );
  }

  async function usage(): Promise<readonly CapUsage[]> {
    if (caps.length === 0) return [];
    const atMs = Math.floor(now());
    const counters = caps.map((cap) => counterOf(cap, atMs));
    const amounts = (await client.run(usageScript, counters.map(counterKey), [])) as readonly Buffer[];
    return caps.map((cap, index) => ({
      cap,
      spentNanos: BigInt(String(amounts[2 * index])),
      reservedNanos: BigInt(String(amounts[2 * index + 1])),
      resetsAtMs: counters[index]?.endsAtMs ?? 0,
    }));
  }

  return {
    reserve: (callId, model, nanos) => guarded(() => reserve(callId, model, nanos)),
    settle: (reservation, costNanos) => guarded(() => settle(reservation, costNanos)),
    usage: () => guarded(usage),
    async close() {
      await gate.close();
      client.disconnect();
    },
  };
}

/** When a counter expires, and its cap. */
const limitOf = ({ endsAtMs, cap }: CappedCounter): readonly [number, string] => [
  endsAtMs + KEPT_MS,
  cap === undefined ? '' : `${cap.nanos}`,
];

function amountOf(reply: Buffer): Pick<Reservation, 'nanos' | 'atMs'> {
  const [nanos = '', atMs = ''] = reply.toString('latin1').split(' ');
  return { nanos: BigInt(nanos), atMs: Number(atMs) };
}
