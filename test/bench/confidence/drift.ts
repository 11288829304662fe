import { certify } from '@spillway/confidence/certify';
import { earlyWarnings, scoreHistogram, type Traffic } from '@spillway/confidence/early-warning';
import { seededRandom } from '@spillway/confidence/random';
import { type Levels, levelsOf, rings, type Signal, UNWATCHED, watch } from '@spillway/confidence/signals';
import { expectedTraffic } from '@spillway/eval/expected-traffic';
import { OUT_OF_SCOPE } from '@spillway/pack/pack';
import { quantile } from '../statistics.js';
import { head, row } from '../table.js';
import { shareOf, split } from './sampling.js';
import type { Answered, Served } from './served.js';
import { atLeast, atMost, percent, type Target } from './target.js';

const TARGET = 0.05;
const DELTA = 0.05;
const ORDERS = 20;
const SOON = 500;

/** What is watched, message by message; undefined where a message says nothing of it. */
interface Alarm {
  readonly name: string;
  readonly signal: Signal;
  happened(answer: Answered): boolean | undefined;
}

const alarmsAt = (threshold: number): readonly Alarm[] => {
  const below = ({ score }: Answered) => score < threshold;
  return [
    {
      name: 'wrong among kept',
      signal: 'wrong',
      happened: (answer) => (below(answer) ? undefined : answer.wrong),
    },
    { name: 'below the threshold', signal: 'below_threshold', happened: below },
    { name: 'called out of scope', signal: 'out_of_scope', happened: ({ said }) => said === OUT_OF_SCOPE },
  ];
};

/** What a certificate of these rows would have the router watch. */
const watchedAt = (certified: readonly Answered[], threshold: number): Levels =>
  levelsOf(TARGET, expectedTraffic(certified, threshold));

/** The rows in random order, over and over: traffic that goes on. */
function* traffic(rows: readonly Answered[], seed: number, messages: number): Generator<Answered> {
  const random = seededRandom(seed);
  for (let sent = 0; sent < messages; sent += rows.length) yield* split(rows, rows.length, random).chosen;
}

/** After how many labels it rings; infinity where it does not. A message that is not kept brings none of those to the first. */
function labelsToAlarm(
  { signal, happened }: Alarm,
  levels: Levels,
  rows: readonly Answered[],
  seed: number,
): number {
  const level = levels[signal];
  if (level === undefined) return Number.POSITIVE_INFINITY;
  let state = UNWATCHED;
  for (const answer of traffic(rows, seed, 8 * LONGEST)) {
    const event = happened(answer);
    if (event === undefined) continue;
    const { labels } = state.drift;
    state = watch(state, { happened: event, atMs: labels }, level);
    if (rings(state, levels)) return labels + 1;
    if (labels + 1 >= LONGEST) break;
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
function watchServed(served: Served): readonly Target[] {
  const { name, certified, live, drifted } = served;
  const found = certify(certified, { target: TARGET, delta: DELTA });
  if (found.verdict !== 'certified') throw new Error(`${name}: ${found.reason}`);
  const alarms = alarmsAt(found.threshold);
  const levels = watchedAt(certified, found.threshold);
  const kept = live.filter(({ score }) => score >= found.threshold);
  const rung = alarms.map((alarm) =>
    Array.from({ length: ORDERS }, (_, seed) => labelsToAlarm(alarm, levels, live, seed + 1)),
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
      'three shares at once, as the router runs it and each at a third of the chance of a false alarm: wrong answers among kept ' +
      'ones against the target; messages below the threshold, and messages that the classifier itself calls out of scope, ' +
      'against what the certificate expects (upper bound at 1 %, or a fifth more). The last two need no label. Messages until ' +
      'it rings: median (most). Where little more than the target is wrong, no test of errors alone can be sure within some ' +
      'hundred labels; the other two see the change itself.\n',
  );
  head(
    'certified on → served',
    'messages',
    'wrong among kept',
    'alarm: wrong among kept',
    'alarm: below the threshold',
    'alarm: called out of scope',
    `what the report says of why after ${SOON} messages`,
    'of what is kept and wrong, out of scope',
    'labels given wrongly',
  );
  return sets.flatMap(watchServed);
}
