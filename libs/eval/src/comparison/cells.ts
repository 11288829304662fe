import type { Interval } from '@spillway/confidence/binomial';
import { counted } from '@spillway/confidence/counted';
import { gapRecovered } from '@spillway/confidence/routing-curve';
import type { StepFigures } from './compare-step.js';
import { dataLine } from './data-line.js';
import type { Figure, Line } from './lines.js';

/** A table as text: every report shows the same cells. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const percent = (share: number): string =>
  Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)} %`;
const points = (share: number): string => `${share >= 0 ? '+' : '−'}${Math.abs(100 * share).toFixed(1)}`;

/** The ends of an interval; a dash where the rows do not tell one. */
const ends = ({ lower, upper }: Interval, shown: (share: number) => string): string =>
  Number.isNaN(lower) ? '–' : `${shown(lower)} to ${shown(upper)}`;

const figure = ({ value, interval }: Figure): string =>
  `${percent(value)} (${ends(interval, (share) => (100 * share).toFixed(1))})`;

const difference = ({ value, interval }: Figure): string =>
  `${points(value)} points (${ends(interval, points)})`;

/** Nano-dollars: in cents from a cent on, in millionths of a dollar below. */
export function money(nanos: bigint | undefined): string {
  if (nanos === undefined) return 'unknown';
  const dollars = Number(nanos) / 1e9;
  return nanos === 0n ? '$0' : `$${dollars.toFixed(dollars >= 0.01 ? 2 : 6)}`;
}

export const milliseconds = (ms: number): string =>
  ms < 10 ? `${ms.toFixed(2)} ms` : ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;

/** What the five lines are, in words. */
export function meaningOf(line: Line, { models, threshold, chosen }: StepFigures): string {
  const [small, big] = [models[0]?.name ?? '', models.at(-1)?.name ?? ''];
  switch (line.name) {
    case 'floor':
      return `${small} alone`;
    case 'ceiling':
      return `${big} alone`;
    case 'cascade':
      return `${small} from ${threshold} on, else ${big}`;
    case 'fitted':
      return `the least sent that is shown to lose no more than the margin, ${chosenAt(chosen['fitted'])}`;
    case 'best':
      return `the most right, ${chosenAt(chosen['best'])}`;
    case 'random':
      return 'as many sent, whichever';
    case 'oracle':
      return 'small where it is right, else big';
    default:
      return 'alone';
  }
}

/** A threshold that the rows chose. */
const chosenAt = (threshold = Number.NaN): string => `from ${Number(threshold.toFixed(4))} on`;

/** Whether a projection stands beside the bill: an embedded model costs nothing, which says nothing of an endpoint. */
const isProjected = ({ models }: StepFigures): boolean => models.some(({ embedded }) => embedded);

/** Floor, ceiling, cascade, random router and oracle side by side. */
export function lineTable(figures: StepFigures): Table {
  const { lines, f1Name, gap } = figures;
  const projected = isProjected(figures);
  return {
    title: 'Side by side',
    head: [
      'line',
      'right (95 %)',
      ...(f1Name === undefined ? [] : [`${f1Name} (95 %)`]),
      ...(gap === undefined ? [] : ['gap recovered']),
      'sent to big',
      'cost of 1,000',
      ...(projected ? ['1,000 at reference prices'] : []),
      'p50',
      'p95',
    ],
    rows: lines.map((line) => [
      `${line.name}: ${meaningOf(line, figures)}`,
      figure(line.accuracy),
      ...(f1Name === undefined ? [] : [line.f1 === undefined ? '–' : figure(line.f1)]),
      ...(gap === undefined ? [] : [percent(gapRecovered(line.accuracy.value, gap))]),
      percent(line.sent),
      money(line.nanosPerThousand),
      ...(projected ? [money(line.referencePerThousand)] : []),
      milliseconds(line.latency.p50),
      milliseconds(line.latency.p95),
    ]),
  };
}

const chance = (p: number): string => (p < 0.0001 ? '< 0.0001' : p.toFixed(p < 0.01 ? 4 : 2));

/** What each way gains or loses against the big model alone, on the same rows. */
export const differenceTable = ({ differences, f1Name }: StepFigures): Table => ({
  title: 'Against the big model alone, on the same rows',
  head: ['line', 'right (95 %)', 'McNemar, exact p', ...(f1Name === undefined ? [] : [`${f1Name} (95 %)`])],
  rows: differences.map(({ name, accuracy, f1 }) => [
    name,
    difference(accuracy),
    chance(accuracy.test.exact),
    ...(f1Name === undefined ? [] : [f1 === undefined ? '–' : difference(f1)]),
  ]),
});

const TESTS_NOTE =
  'a verdict is a one-sided test with 95 % confidence and the intervals are two-sided, so an interval can reach beyond the margin that a verdict rules out';
const LATENCY_NOTE =
  'p50 and p95 are of the calls as they were made, those of an earlier run too; where both models are asked, one after the other';
const REPLY_NOTE = '“right” is a reply that passes every check of its row’s list, which people wrote';
const CHOSEN_NOTE =
  'the rows chose the thresholds of “fitted” and “best” themselves; their figures are cross-fitted: each fifth of the rows is answered with the threshold that the other four choose, which can be another one than is named; intervals take these thresholds as given';
const NO_INTERVAL_NOTE =
  '“(–)”: drawing these rows again gives the same figure each time, which says nothing of other rows, so there is no interval';
const BEST_NOTE =
  '“best” is there to know what a dearer threshold would have right: it is not tested, and a verdict recommends the cheapest way that is shown to lose no more than the margin';

/** What has to be known to read the tables, one sentence each. */
export function notesOf(figures: StepFigures): readonly string[] {
  const { decisions, rows, models, reference, threshold, evidence, gap, lines, differences } = figures;
  const held =
    decisions.hold === 0
      ? ''
      : `, ${decisions.hold} held for a person since the certificate does not cover this model (counted as sent)`;
  const embedded = models.filter((model) => model.embedded).map(({ name }) => name);
  const has = (line: string): boolean => lines.some(({ name }) => name === line);
  return [
    dataLine(evidence, rows),
    ...(figures.step === 'draft' || figures.step === 'polish' ? [REPLY_NOTE] : []),
    TESTS_NOTE,
    LATENCY_NOTE,
    ...([...lines, ...differences].some(({ f1 }) => f1 !== undefined && Number.isNaN(f1.interval.lower))
      ? [NO_INTERVAL_NOTE]
      : []),
    ...(has('fitted') || has('best') ? [CHOSEN_NOTE] : []),
    ...(has('best') ? [BEST_NOTE] : []),
    `the policy at ${threshold} keeps ${decisions.keep} of ${counted(rows, 'small answer')} and sends ${decisions.escalate} on${held}; what stands by label, field or check is of this cascade`,
    ...(gap === undefined
      ? []
      : [
          `“gap recovered” is the share of what lies between the small model alone and the big one; thresholds on the confidence recover ${gap.averageRecovered.toFixed(3)} of it on average over all shares sent (APGR, in hindsight; a confidence that says nothing has 0.5)`,
        ]),
    ...(embedded.length === 0
      ? []
      : [
          `${[...new Set(embedded)].join(' and ')} run in the process: they are no language models and cost nothing; “at reference prices” is a projection, what the same prompts and answers would cost at the prices of ${reference.small} and ${reference.big}, the pack’s reference models${embedded.length === models.length ? '; between themselves they say nothing of what a small language model loses against a big one' : ''}`,
        ]),
    ...models.flatMap(({ name, failures }) =>
      Object.entries(failures).map(
        ([code, count]) =>
          `${name}: ${counted(count, 'answer')} failed (${code}) and ${count === 1 ? 'counts' : 'count'} as wrong`,
      ),
    ),
    ...models.flatMap(({ name, spread }) =>
      spread.deviation === undefined || spread.interval === undefined
        ? []
        : [
            `${name} over ${spread.runs} runs: ${percent(spread.mean)} right, standard deviation ${(100 * spread.deviation).toFixed(2)} points; the tables rest on the first run`,
          ],
    ),
    ...models.flatMap(({ name, fingerprints }) =>
      fingerprints.length < 2
        ? []
        : [
            `${name}: the answers come from ${fingerprints.length} fingerprints, so the server changed between them`,
          ],
    ),
  ];
}
