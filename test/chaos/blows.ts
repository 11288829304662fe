import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet } from './fleet.js';
import type { Journal } from './journal.js';
import type { Random } from './random.js';
import type { Blow, Role, ScheduledBlow } from './schedule.js';
import type { Servers } from './servers.js';

export interface Storm {
  /** Share of the schedule that is over, 0 to 1; 1 also once there is no time left. */
  progress(): number;
  /** How many were dealt. */
  dealt(): number;
  /** Resolves once all are dealt or the time is over, and whatever was killed is back. */
  readonly over: Promise<void>;
}

export interface StormOptions {
  readonly schedule: readonly ScheduledBlow[];
  readonly fleet: Fleet;
  readonly servers: Servers;
  readonly random: Random;
  readonly journal: Journal;
  /** Milliseconds after which no further blow is dealt. */
  readonly mostMs: number;
  readonly say: (line: string) => void;
}

/** Deals the blows of a schedule one after the other, without waiting for what was killed to be back. */
export function startStorm(options: StormOptions): Storm {
  const { schedule, mostMs } = options;
  const deadline = Date.now() + mostMs;
  const recoveries: Promise<unknown>[] = [];
  let dealt = 0;
  let over = false;

  async function run(): Promise<void> {
    for (const { pauseMs, blow } of schedule) {
      await delay(pauseMs);
      if (Date.now() > deadline) break;
      options.journal.note('blows', { at: Date.now(), ...blow });
      options.say(`${dealt + 1}/${schedule.length} ${inWords(blow)}`);
      recoveries.push(...(await deal(blow, options)));
      dealt += 1;
    }
    await Promise.all(recoveries);
    over = true;
  }

  return {
    progress: () => (over || schedule.length === 0 ? 1 : (dealt + 1) / (schedule.length + 1)),
    dealt: () => dealt,
    over: run(),
  };
}

/** Gives what still goes on once the next blow may come. */
async function deal(
  blow: Blow,
  { fleet, servers, random }: StormOptions,
): Promise<readonly Promise<unknown>[]> {
  switch (blow.kind) {
    case 'kill': {
      const place = fleet.kill(random.pick(await somebody(fleet, blow.role)));
      return [delay(blow.backAfterMs).then(() => fleet.start(blow.role, place))];
    }
    case 'rolling restart':
      for (const { process } of fleet.ready(blow.role)) {
        const place = await stopped(fleet, blow.role, process);
        if (place !== undefined) await fleet.start(blow.role, place);
      }
      return [];
    case 'join and leave': {
      const member = await fleet.start('worker');
      return [delay(blow.staysMs).then(() => stopped(fleet, 'worker', member.process))];
    }
    case 'server kill':
      await servers.killFor(blow.server, blow.downMs);
      return [];
  }
}

async function somebody(fleet: Fleet, role: Role) {
  for (;;) {
    const members = fleet.ready(role);
    if (members.length > 0) return members;
    await delay(100);
  }
}

/** Stops a process, if it still runs, and gives its place. Whoever was killed meanwhile has somebody in its place, who stays. */
async function stopped(fleet: Fleet, role: Role, process: string): Promise<string | undefined> {
  const member = fleet.ready(role).find((each) => each.process === process);
  return member === undefined ? undefined : fleet.stop(member);
}

function inWords(blow: Blow): string {
  switch (blow.kind) {
    case 'kill':
      return `kill -9 of a ${blow.role}`;
    case 'rolling restart':
      return `rolling restart of every ${blow.role}`;
    case 'join and leave':
      return 'a worker joins, and leaves later';
    case 'server kill':
      return `kill -9 of ${blow.server}, down for ${blow.downMs} ms and its start`;
  }
}
