import { setTimeout as delay } from 'node:timers/promises';
import { subscriptions } from '@spillway/contracts/topology';
import type { Outage } from './calls.js';
import type { Journal } from './journal.js';
import { kafkaClient } from './kafka-client.js';

/** One look at one consumer group. */
export interface GroupLook {
  readonly at: number;
  readonly group: string;
  readonly state: string;
  readonly members: readonly string[];
}

export interface GroupWatch {
  readonly looks: readonly GroupLook[];
  stop(): Promise<void>;
}

/** What describing a group takes at most; a broker that is down answers nothing. */
const EVERY_MS = 200;

/** Looks at every consumer group again and again. While the broker is down there is nothing to see. */
export async function watchGroups(broker: string, journal: Journal): Promise<GroupWatch> {
  const kafka = kafkaClient(broker, 'watch');
  const admin = kafka.admin({ retry: { retries: 0 } });
  await admin.connect();
  const looks: GroupLook[] = [];
  const stopped = new AbortController();

  async function look(): Promise<void> {
    const { groups } = await admin.describeGroups(Object.keys(subscriptions));
    const at = Date.now();
    for (const { groupId: group, state, members } of groups) {
      const seen = { at, group, state, members: members.map(({ memberId }) => memberId) };
      looks.push(seen);
      journal.note('groups', seen);
    }
  }

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      // The next look reconnects.
      await look().catch(() => admin.connect().catch(() => undefined));
      await delay(EVERY_MS);
    }
  }

  const watching = watch();
  return {
    looks,
    async stop() {
      stopped.abort();
      await watching;
      await admin.disconnect();
    },
  };
}

/** When a process went, and what it left behind. */
export interface Departure {
  readonly process: string;
  readonly services: readonly string[];
  readonly at: number;
  /** When it began to go, where that is earlier: it can have left its groups before it is gone. */
  readonly begunAt?: number;
}

export interface TakeOver {
  readonly process: string;
  /** Milliseconds until every group of the process had shared out its partitions among others. Undefined: never seen. */
  readonly ms: number | undefined;
  /** Whether the broker was down meanwhile, or another member went: then the time says nothing. */
  readonly disturbed: boolean;
}

/** How long each departure kept partitions without a member that reads them. `all` has the others, which disturb. */
export function takeOvers(
  looks: readonly GroupLook[],
  departures: readonly Departure[],
  all: readonly Departure[],
  brokerOutages: readonly Outage[],
): readonly TakeOver[] {
  const byGroup = Map.groupBy(looks, ({ group }) => group);
  const went = (service: string, at: number, to: number): boolean =>
    all.some((other) => {
      const isNear = other.at > at - RECOVERY_MS && other.at <= to && other.at !== at;
      return isNear && other.services.includes(service);
    });
  return departures.map(({ process, services, at, begunAt = at }) => {
    const ends = services.map((service) => sharedOut(byGroup.get(service) ?? [], begunAt));
    // Groups that were whole again before the process was gone waited for nobody.
    const last = ends.some((end) => end === undefined) ? undefined : Math.max(at, ...(ends as number[]));
    const disturbed =
      brokerOutages.some(({ from, to }) => from <= (last ?? to) && to + RECOVERY_MS >= at) ||
      services.some((service) => went(service, at, last ?? Number.POSITIVE_INFINITY));
    return { process, ms: last === undefined ? undefined : last - at, disturbed };
  });
}

/** A group needs a while until it has its members again, after a broker is back or somebody went. */
const RECOVERY_MS = 15_000;

/** The moment when a group that somebody left at `at` is whole again without them. */
function sharedOut(looks: readonly GroupLook[], at: number): number | undefined {
  const before = looks.findLast((look) => look.at <= at && look.state === 'Stable');
  const isGone = ({ members, state }: GroupLook): boolean =>
    state === 'Stable' && (before?.members.some((member) => !members.includes(member)) ?? true);
  return looks.find((look) => look.at > at && isGone(look))?.at;
}
