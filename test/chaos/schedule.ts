import type { Random } from './random.js';

/** Processes of one role run the same services. */
export type Role = 'worker' | 'router' | 'ledger' | 'gateway';

/** One thing that goes wrong, or that an operator does. */
export type Blow =
  /** kill -9 of one process of the role; another starts after a while. */
  | { readonly kind: 'kill'; readonly role: Role; readonly backAfterMs: number }
  /** SIGTERM and a new start, one process of the role after the other. */
  | { readonly kind: 'rolling restart'; readonly role: Role }
  /** One more worker comes; after a while it leaves with SIGTERM. */
  | { readonly kind: 'join and leave'; readonly staysMs: number }
  /** kill -9 of a server, which starts again after a while on the same data. */
  | { readonly kind: 'server kill'; readonly server: ServerName; readonly downMs: number };

export type ServerName = 'kafka' | 'redis' | 'postgres';

export interface ScheduledBlow {
  /** Milliseconds after the blow before it has been dealt. */
  readonly pauseMs: number;
  readonly blow: Blow;
}

/** How often each thing happens. */
export interface BlowCounts {
  readonly workerKills: number;
  readonly routerKills: number;
  readonly ledgerKills: number;
  readonly gatewayKills: number;
  readonly kafkaKills: number;
  readonly redisKills: number;
  readonly postgresKills: number;
  readonly workerRestarts: number;
  readonly routerRestarts: number;
  readonly joins: number;
}

/** What `npm run chaos` does with 10,000 messages. */
export const fullCounts: BlowCounts = {
  workerKills: 50,
  routerKills: 8,
  ledgerKills: 5,
  gatewayKills: 5,
  kafkaKills: 20,
  redisKills: 8,
  postgresKills: 4,
  workerRestarts: 3,
  routerRestarts: 1,
  joins: 4,
};

/**
 * Blows in random order, with random pauses: some hit while others are still being recovered from. `calmShare` of them
 * come after a calm, in which what came before can be recovered from undisturbed.
 */
export function scheduleOf(counts: BlowCounts, calmShare: number, random: Random): readonly ScheduledBlow[] {
  const times = (count: number, blow: () => Blow): readonly Blow[] => Array.from({ length: count }, blow);
  const kill = (role: Role) => (): Blow => ({ kind: 'kill', role, backAfterMs: random.whole(0, 8_000) });
  const serverKill = (server: ServerName, mostMs: number) => (): Blow => ({
    kind: 'server kill',
    server,
    downMs: random.whole(0, mostMs),
  });
  const blows = [
    ...times(counts.workerKills, kill('worker')),
    ...times(counts.routerKills, kill('router')),
    ...times(counts.ledgerKills, kill('ledger')),
    ...times(counts.gatewayKills, kill('gateway')),
    ...times(counts.kafkaKills, serverKill('kafka', 4_000)),
    ...times(counts.redisKills, serverKill('redis', 3_000)),
    ...times(counts.postgresKills, serverKill('postgres', 4_000)),
    ...times(counts.workerRestarts, () => ({ kind: 'rolling restart', role: 'worker' })),
    ...times(counts.routerRestarts, () => ({ kind: 'rolling restart', role: 'router' })),
    ...times(counts.joins, () => ({ kind: 'join and leave', staysMs: random.whole(2_000, 15_000) })),
  ];
  const pauseMs = (): number =>
    random.share() < calmShare ? random.whole(14_000, 16_000) : random.whole(500, 8_000);
  return random.shuffled(blows).map((blow) => ({ pauseMs: pauseMs(), blow }));
}
