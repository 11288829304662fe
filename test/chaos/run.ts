import { mkdtempSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Storm, startStorm } from './blows.js';
import { payments } from './calls.js';
import { fatesOf, ledgerFaults, unended } from './fates.js';
import { type Fleet, fleetOf, servicesOf } from './fleet.js';
import { type Foreigner, startForeigner } from './foreigner.js';
import { type GroupWatch, takeOvers, watchGroups } from './groups.js';
import { type Journal, openJournal } from './journal.js';
import { readLedger } from './ledger.js';
import { type ModelEndpoint, startModelEndpoint } from './model-endpoint.js';
import { randomFrom } from './random.js';
import { type Report, reportOf } from './report.js';
import { type BlowCounts, type Role, scheduleOf } from './schedule.js';
import { type Servers, startServers } from './servers.js';
import { whatIsStuck } from './stuck.js';
import { readTopics, readUntil, type TopicReader } from './topics.js';
import { startTraffic, type Traffic } from './traffic.js';

export interface ChaosOptions {
  readonly seed: number;
  readonly messages: number;
  /** Messages a second at most; the schedule may ask for fewer. */
  readonly rate: number;
  readonly counts: BlowCounts;
  /** Share of the blows that come after a calm of a quarter of a minute: others come within seconds. */
  readonly calmShare: number;
  readonly processes: Readonly<Record<Role, number>>;
  /** What every promise of time leaves for the work itself, milliseconds: two seconds where nobody else is at work. */
  readonly slackMs: number;
  /** Milliseconds in which blows are dealt, and for all messages to end afterwards. */
  readonly stormMs: number;
  readonly endMs: number;
  readonly say: (line: string) => void;
}

/** What a run is made of while it lasts. */
interface Stage {
  readonly options: ChaosOptions;
  readonly journal: Journal;
  readonly servers: Servers;
  readonly models: ModelEndpoint;
  readonly fleet: Fleet;
}

/**
 * Runs Spillway on servers of its own through a storm of kills, outages and restarts, waits until every accepted message
 * has ended, and reports what the topics, the ledger and the model server tell. Raw logs stay in the report's folder.
 */
export async function runChaos(options: ChaosOptions): Promise<Report> {
  const journal = openJournal(mkdtempSync(join(tmpdir(), 'spillway-chaos-')));
  options.say(`Logs: ${journal.folder}`);
  const loadAtStart = loadavg()[0] ?? 0;
  const servers = await startServers();
  try {
    const models = await startModelEndpoint(journal);
    const fleet = fleetOf({
      folder: journal.folder,
      environment: environmentOf(servers, models),
      serversUpSince: servers.upSince,
    });
    try {
      return await onStage({ options, journal, servers, models, fleet }, loadAtStart);
    } finally {
      await fleet.stopAll();
      await fleet.close();
      await models.close();
    }
  } finally {
    await servers.stop();
    await journal.close();
  }
}

async function onStage(stage: Stage, loadAtStart: number): Promise<Report> {
  const { options, journal, servers, fleet } = stage;
  options.say(servers.origins.join('; '));
  await startFleet(fleet, options.processes);
  options.say('every process is ready');
  const startedAt = Date.now();
  const watch = await watchGroups(servers.addresses.kafka, journal);
  const storm = startStorm({
    schedule: scheduleOf(options.counts, options.calmShare, randomFrom(options.seed)),
    fleet,
    servers,
    random: randomFrom(options.seed + 1),
    journal,
    mostMs: options.stormMs,
    say: options.say,
  });
  const traffic = startTraffic({
    messages: options.messages,
    rate: options.rate,
    progress: storm.progress,
    gateways: () => fleet.ready('gateway').flatMap(({ url }) => url ?? []),
    random: randomFrom(options.seed + 2),
    journal,
  });
  const foreigner = await startForeigner(servers.addresses.kafka, {
    random: randomFrom(options.seed + 3),
    accepted: traffic.accepted,
  });
  await Promise.all([storm.over, traffic.done]);
  await foreigner.stop();
  options.say(
    `${traffic.accepted.length} messages accepted, ${storm.dealt()} blows dealt; waiting for every end`,
  );
  const reader = await readTopics(servers.addresses.kafka);
  try {
    return await concluded(stage, { watch, storm, traffic, foreigner, reader, startedAt, loadAtStart });
  } finally {
    await reader.stop();
  }
}

interface Course {
  readonly watch: GroupWatch;
  readonly storm: Storm;
  readonly traffic: Traffic;
  readonly foreigner: Foreigner;
  readonly reader: TopicReader;
  readonly startedAt: number;
  readonly loadAtStart: number;
}

async function concluded(stage: Stage, course: Course): Promise<Report> {
  const { options, servers, models, fleet } = stage;
  const { traffic, foreigner, reader, watch, storm } = course;
  const { accepted } = traffic;
  const parked = (): number => fatesOf(accepted, reader.traces, foreigner.published).unparked.length;
  const ended = await readUntil(
    reader,
    (traces) => unended(accepted, traces).length || parked(),
    options.endMs,
  );
  const shown = await ledgerInStep(fleet, (entries) => ledgerFaults(accepted, reader.traces, entries));
  const stuck = ended
    ? []
    : await whatIsStuck(servers.addresses.kafka, fleet, unended(accepted, reader.traces));
  // Those at the end leave nobody who could take over.
  const during = [...fleet.farewells];
  await fleet.stopAll();
  await reader.caughtUp();
  await watch.stop();
  const kafkaOutages = servers.outages.filter(({ server }) => server === 'kafka');
  const departures = (list: readonly { process: string; role: Role; at: number; begunAt?: number }[]) =>
    list.map(({ role, ...departure }) => ({ ...departure, services: servicesOf[role].filter(hasGroup) }));
  const killed = departures(fleet.kills);
  const left = departures(during.map((each) => ({ ...each, at: each.exitedAt, begunAt: each.at })));
  return reportOf(stage.journal.folder, {
    options,
    origins: servers.origins,
    loadAtStart: course.loadAtStart,
    seconds: (Date.now() - course.startedAt) / 1_000,
    blows: {
      dealt: storm.dealt(),
      planned: Object.values(options.counts).reduce((sum, each) => sum + each, 0),
    },
    accepted: accepted.length,
    repeats: traffic.repeats(),
    problems: traffic.problems,
    foreign: foreigner.published.length,
    fates: fatesOf(accepted, reader.traces, foreigner.published),
    ledgerFaults: shown,
    payments: payments(
      models.calls,
      fleet.kills,
      servers.outages.filter(({ server }) => server === 'redis'),
    ),
    outages: servers.outages,
    kills: fleet.kills,
    farewells: fleet.farewells,
    collapses: fleet.collapses,
    takeOvers: {
      kills: takeOvers(watch.looks, killed, [...killed, ...left], kafkaOutages),
      farewells: takeOvers(watch.looks, left, [...killed, ...left], kafkaOutages),
    },
    stuck,
  });
}

const hasGroup = (service: string): boolean => service !== 'gateway';

/** The ledger's own group may be behind: what it shows otherwise than the topics, at last. */
async function ledgerInStep(
  fleet: Fleet,
  faults: (entries: Awaited<ReturnType<typeof readLedger>>) => readonly string[],
): Promise<readonly string[]> {
  for (let left = 60; ; left -= 1) {
    const [gateway] = fleet.ready('gateway');
    const found =
      gateway?.url === undefined
        ? ['no gateway is there to ask']
        : await readLedger(gateway.url).then(faults, (error: unknown) => [String(error)]);
    if (found.length === 0 || left === 0) return found;
    await delay(1_000);
  }
}

async function startFleet(fleet: Fleet, processes: ChaosOptions['processes']): Promise<void> {
  // The first one makes the topics and trains what is to be trained.
  await fleet.start('worker');
  const rest = (Object.entries(processes) as [Role, number][]).flatMap(([role, count]) =>
    Array.from({ length: role === 'worker' ? count - 1 : count }, () => role),
  );
  await Promise.all(rest.map((role) => fleet.start(role)));
}

const environmentOf = ({ addresses }: Servers, { baseUrl }: ModelEndpoint): Record<string, string> => ({
  KAFKA_BROKERS: addresses.kafka,
  SPILLWAY_KAFKA_PARTITIONS: '4',
  REDIS_URL: addresses.redis,
  DATABASE_URL: addresses.postgres,
  SMALL_BASE_URL: baseUrl,
  SMALL_MODEL: 'small',
  BIG_BASE_URL: baseUrl,
  BIG_MODEL: 'big',
});
