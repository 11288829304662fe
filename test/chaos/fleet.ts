import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bin, keepTrained, takeTrained } from '../src/server.js';
import type { Kill } from './calls.js';
import { startGuard } from './guard.js';
import type { Role } from './schedule.js';

/** Several services share a process, so that two cores can carry three of each. */
export const servicesOf: Readonly<Record<Role, readonly string[]>> = {
  worker: ['classifier', 'extractor', 'sentiment', 'drafter', 'polisher'],
  router: ['router'],
  ledger: ['ledger'],
  gateway: ['gateway'],
};

interface Member {
  /** Another one for every start: `worker-2.5` is the fifth process in the place of `worker-2`. */
  readonly process: string;
  readonly role: Role;
  /** Its address, once it is ready. */
  readonly url: string | undefined;
}

/** A process that was asked to end. */
export interface Farewell {
  readonly process: string;
  readonly role: Role;
  readonly at: number;
  readonly exitedAt: number;
  readonly code: number | null;
}

/** A process that ended without being asked to. */
export interface Collapse {
  readonly process: string;
  readonly at: number;
  readonly code: number | null;
  /** Whether it had been at work. One that could not begin, for want of a server, is started again as any supervisor would. */
  readonly wasReady: boolean;
}

/** The processes of one Spillway, each started anew when it ends by itself. */
export interface Fleet {
  readonly kills: readonly (Kill & { readonly role: Role })[];
  readonly farewells: readonly Farewell[];
  readonly collapses: readonly Collapse[];
  /** Those that are at work. */
  ready(role: Role): readonly Member[];
  /** Starts one more, in the given place or a new one; resolves once it is ready. */
  start(role: Role, place?: string): Promise<Member>;
  /** kill -9. Gives its place. */
  kill(member: Member): string;
  /** SIGTERM, and its end. Gives its place. */
  stop(member: Member): Promise<string>;
  /** Ends all of them with SIGTERM. */
  stopAll(): Promise<void>;
  /** After the last: lets go of what ends them with the run. */
  close(): Promise<void>;
}

interface Running extends Member {
  url: string | undefined;
  readonly place: string;
  readonly child: ChildProcess;
  asked: boolean;
}

export interface FleetOptions {
  /** For data and logs. */
  readonly folder: string;
  /** Of every process; each is told apart by its API key, which it shows to the model server. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch since when no server was killed: no process gets ready without one. */
  readonly serversUpSince: () => number;
}

const READY = /(?:API|Health and metrics) (http:\/\/[\d.:]+)/;
/** A process that goes on for so long after SIGTERM will not end. */
const STOP_MS = 60_000;
/** A start on a busy machine, from when all servers are there. */
const START_MS = 90_000;

export function fleetOf({ folder, environment, serversUpSince }: FleetOptions): Fleet {
  const data = join(folder, 'data');
  const logs = join(folder, 'processes');
  mkdirSync(data, { recursive: true });
  mkdirSync(logs, { recursive: true });
  takeTrained(data);
  const running = new Set<Running>();
  const starts = new Map<string, number>();
  const places = new Map<Role, number>();
  const kills: (Kill & { role: Role })[] = [];
  const farewells: Farewell[] = [];
  const collapses: Collapse[] = [];
  let closing = false;
  const guard = startGuard();
  const watch = (): void => guard.watch(Array.from(running, ({ child }) => child.pid ?? 0));

  function launch(role: Role, place: string): Running {
    const nth = (starts.get(place) ?? 0) + 1;
    starts.set(place, nth);
    const name = `${place}.${nth}`;
    const child = spawn(bin, ['start', ...servicesOf[role], '--create-topics'], {
      env: {
        ...environment,
        PATH: process.env['PATH'] ?? '',
        SPILLWAY_DATA: data,
        SPILLWAY_PORT: '0',
        SMALL_API_KEY: name,
        BIG_API_KEY: name,
        NO_COLOR: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(join(logs, `${name}.log`));
    const member: Running = { process: name, role, place, child, url: undefined, asked: false };
    let said = '';
    const listen = (chunk: Buffer): void => {
      log.write(chunk);
      if (member.url !== undefined) return;
      said += chunk.toString();
      member.url = READY.exec(said)?.[1];
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', (code) => {
      running.delete(member);
      watch();
      if (member.asked) return;
      collapses.push({ process: name, at: Date.now(), code, wasReady: member.url !== undefined });
      if (member.url !== undefined && !closing) void start(role, place).catch(() => undefined);
    });
    // After the exit, so that the last words are in.
    child.once('close', () => log.end());
    running.add(member);
    watch();
    return member;
  }

  /** Until it is ready; as often as it takes, since a server may be down just now. */
  async function start(role: Role, place = nextPlace(role)): Promise<Member> {
    const askedAt = Date.now();
    const isLate = (): boolean => Date.now() >= Math.max(askedAt, serversUpSince()) + START_MS;
    for (let member = launch(role, place); ; member = launch(role, place)) {
      while (member.url === undefined && running.has(member) && !isLate()) await delay(50);
      // Whoever is killed as soon as it is ready was ready: another blow fell, which brings it back.
      if (member.url !== undefined && (member.asked || running.has(member))) {
        keepTrained(data);
        return member;
      }
      if (closing || member.asked || isLate()) {
        throw new Error(`${member.process} did not become ready: see ${join(logs, member.process)}.log`);
      }
      await delay(1_000);
    }
  }

  function nextPlace(role: Role): string {
    const nth = (places.get(role) ?? 0) + 1;
    places.set(role, nth);
    return `${role}-${nth}`;
  }

  async function end(member: Running): Promise<string> {
    const at = Date.now();
    const { role, child } = member;
    const exited = once(child, 'exit');
    member.asked = true;
    child.kill('SIGTERM');
    // As any supervisor would; its exit code then shows it.
    const patience = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const [code] = (await exited) as [number | null];
    clearTimeout(patience);
    farewells.push({ process: member.process, role, at, exitedAt: Date.now(), code });
    return member.place;
  }

  const found = (member: Member): Running => {
    for (const each of running) if (each.process === member.process) return each;
    throw new Error(`${member.process} does not run`);
  };

  return {
    kills,
    farewells,
    collapses,
    ready: (role) =>
      [...running].filter((each) => each.role === role && each.url !== undefined && !each.asked),
    start,
    kill(member) {
      const it = found(member);
      it.asked = true;
      kills.push({ process: it.process, role: it.role, at: Date.now() });
      it.child.kill('SIGKILL');
      return it.place;
    },
    stop: (member) => end(found(member)),
    async stopAll() {
      closing = true;
      await Promise.all(
        Array.from(running, (member) => (member.url === undefined ? drop(member) : end(member))),
      );
    },
    close: () => guard.release(),
  };
}

/** A process that has not begun has nothing to finish. */
async function drop({ child }: Running): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
