import { upperBound } from '@spillway/confidence/binomial';
import { certify } from '@spillway/confidence/certify';
import { ALARM_AT, alarmed, observe, UNDRIFTED } from '@spillway/confidence/drift';
import { earlyWarnings, scoreHistogram, type Traffic } from '@spillway/confidence/early-warning';
import { seededRandom } from '@spillway/confidence/random';
import { quantile } from '../statistics.js';
import { head, row } from '../table.js';
import { shareOf, split } from './sampling.js';
import type { Answered, Served } from './served.js';
import { OUT_OF_SCOPE } from './served.js';
import { atLeast, atMost, percent, type Target } from './target.js';

const TARGET = 0.05;
const DELTA = 0.05;
/** Three alarms share the chance of a false one. */
const ALARMS = 3;
const ORDERS = 20;
const SOON = 500;

/** What is watched, message by message; undefined where a message says nothing of it. */
interface Alarm {
  readonly name: string;
  readonly level: number;
  happened(answer: Answered): boolean | undefined;
}

function alarmsOf(certified: readonly Answered[], threshold: number): readonly Alarm[] {
  const most = (counted: (answer: Answered) => boolean) =>
    upperBound(certified.filter(counted).length, certified.length, 0.01);
  const below = ({ score }: Answered) => score < threshold;
  const foreign = ({ label }: Answered) => label === OUT_OF_SCOPE;
  return [
    {
      name: 'wrong among kept',
      level: TARGET,
      happened: (answer) => (below(answer) ? undefined : answer.wrong),
    },
    { name: 'below the threshold', level: most(below), happened: below },
    { name: 'out of scope', level: most(foreign), happened: foreign },
  ];
}

/** The rows in random order, over and over: traffic that goes on. */
function* traffic(rows: readonly Answered[], seed: number, messages: number): Generator<Answered> {
  const random = seededRandom(seed);
  for (let sent = 0; sent < messages; sent += rows.length) yield* split(rows, rows.length, random).chosen;
}

/** After how many labels it rings; infinity where it does not. A message that is not kept brings none of those to the first. */
function labelsToAlarm({ level, happened }: Alarm, rows: readonly Answered[], seed: number): number {
  let state = UNDRIFTED;
  for (const answer of traffic(rows, seed, 8 * LONGEST)) {
    const event = happened(answer);
    if (event === undefined) continue;
    state = observe(state, { wrong: event }, level);
    if (alarmed(state, ALARMS * ALARM_AT)) return state.labels;
    if (state.labels >= LONGEST) break;
  }
  return Number.POSITIVE_INFINITY;
}

/** What the report compares: scores, and how often each thing that is watched happened. */
function trafficOf(rows: readonly Answered[], alarms: readonly Alarm[]): Traffic {
  const occurrences = alarms.map(({ name, happened }) => {
    const told = rows.map(happened).filter((event) => event !== undefined);
    return [name, { events: told.filter(Boolean).length, rows: told.length }] as const;
  });
  return {
    scores: scoreHistogram(rows.map(({ score }) => score)),
    occurrences: Object.fromEntries(occurrences),
  };
}

/** What has changed by the time that so many messages have come. */
function reasons({ certified, live }: Served, alarms: readonly Alarm[]): string {
  const now = [...traffic(live, 1, SOON)].slice(0, SOON);
  const warnings = earlyWarnings(trafficOf(certified, alarms), trafficOf(now, alarms));
  return warnings.map(({ message }) => message).join('; ') || 'nothing';
}

/** The three labels most often given wrongly among what is kept, and how often. */
function culprits(kept: readonly Answered[]): string {
  const wrong = kept.filter((answer) => answer.wrong);
  const counts = new Map<string, number>();
  for (const { said } of wrong) counts.set(said, (counts.get(said) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([label, count]) => `${label} ${count}`)
    .join(', ');
}

const LONGEST = 10 * SOON;
const shown = (labels: number): string => (Number.isFinite(labels) ? String(labels) : `over ${LONGEST}`);

/** Certifies a threshold, sends other traffic, and waits for the alarms. */
function watch(served: Served): readonly Target[] {
  const { name, certified, live, drifted } = served;
  const found = certify(certified, { target: TARGET, delta: DELTA });
  if (found.verdict !== 'certified') throw new Error(`${name}: ${found.reason}`);
  const alarms = alarmsOf(certified, found.threshold);
  const kept = live.filter(({ score }) => score >= found.threshold);
  const rung = alarms.map((alarm) =>
    Array.from({ length: ORDERS }, (_, seed) => labelsToAlarm(alarm, live, seed + 1)),
  );
  const first = Array.from({ length: ORDERS }, (_, seed) =>
    Math.min(...rung.map((each) => each[seed] as number)),
  );
  row(
    name,
    live.length.toLocaleString('en'),
    `${percent(found.errors / found.accepted)} → ${percent(shareOf(kept, (answer) => answer.wrong))}`,
    ...rung.map((labels) => `${shown(quantile(labels, 0.5))} (${shown(Math.max(...labels))})`),
    reasons(served, alarms),
    percent(
      shareOf(
        kept.filter((answer) => answer.wrong),
        ({ label }) => label === OUT_OF_SCOPE,
      ),
    ),
    culprits(kept),
  );
  const early = first.filter((labels) => labels <= SOON).length / ORDERS;
  return drifted
    ? [atLeast(`${name}: an alarm within ${SOON} labels`, 1, early, percent)]
    : [atMost(`${name}: false alarms within ${SOON} labels`, 0.05, early, percent)];
}

/** Traffic unlike the rows certified on: how soon an alarm rings, and what it says of why. */
export function drift(sets: readonly Served[]): readonly Target[] {
  process.stdout.write(
    '\nTraffic unlike the rows that were certified on (embedded classifier, target 5 %, failure probability 5 %; labels by ' +
      `people). Certified once, then served in random order, over and over where it is short (seeds 1 to ${ORDERS}); every message ` +
      'gets a label, kept ones by the shadow sample, others by their escalation. Alarms: the Shiryaev-Roberts detector on ' +
      'three shares at once, each at a third of the chance of a false alarm: wrong answers among kept ones against the ' +
      'target, messages below the threshold and messages out of scope against what the certified rows allow (upper ' +
      'bound at 1 %). Labels until it rings: median (most). Where little more than the target is wrong, no test of errors ' +
      'alone can be sure within some hundred labels; the other two see the change itself.\n',
  );
  head(
    'certified on → served',
    'messages',
    'wrong among kept',
    'alarm: wrong among kept',
    'alarm: below the threshold',
    'alarm: out of scope',
    `what the report says of why after ${SOON} messages`,
    'of what is kept and wrong, out of scope',
    'labels given wrongly',
  );
  return sets.flatMap(watch);
}
