import { counted } from '@spillway/confidence/counted';
import type { Assumptions } from '@spillway/eval/audit-log/assumptions';
import type { TokenCounts } from '@spillway/eval/audit-log/logged-call';
import type { FineTuning, Projection, StepProjection } from '@spillway/eval/audit-log/projection';
import type { LogTally, ReasonCount } from '@spillway/eval/audit-log/tally';
import { dollars } from './bill.js';
import { tableLines } from './table.js';

/** Steps shown; the others are one line, and all of them are in the JSON. */
const SHOWN = 20;

const money = (nanos: bigint | undefined): string => dollars(nanos === undefined ? null : Number(nanos));
const count = (number: number | bigint): string => number.toLocaleString('en');
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const day = (ms: number | undefined): string =>
  ms === undefined ? 'unknown' : new Date(ms).toISOString().slice(0, 10);
const calls = (number: number): string => counted(number, 'call');
const lines = (number: number): string => counted(number, 'line');
const daysOf = (number: number): string => counted(number, 'day');

/**
 * The audit for a person: the bill today and projected, what to evaluate first, when fine-tuning pays, what was not read.
 * `ownPrices` is the file with prices of the reader's own, where there is one.
 */
export function auditText(
  path: string,
  tally: LogTally,
  projection: Projection,
  assumptions: Assumptions,
  ownPrices?: string,
): string {
  return [
    `${path}: ${lines(tally.lines)}, ${calls(tally.total.calls)}, ${day(tally.firstMs)} to ${day(tally.lastMs)}`,
    '',
    'Bill today',
    ...indent(billRows(tally, projection)),
    '',
    `Projection, not a bill: ${assumptions.small} first, ${percent(assumptions.keptMillionths / 1e6)} of calls kept small (--assume)`,
    ...indent(projectionRows(projection)),
    '',
    'Evaluate first, by money at stake',
    ...indent(firstRows(projection)),
    '',
    `Fine-tuning pays, at ${money(assumptions.trainingNanos)} for a step, ${assumptions.tuned}'s price and ${percent(assumptions.tunedKeptMillionths / 1e6)} kept`,
    ...indent(tuningRows(tally, projection)),
    '',
    ...notes(path, tally, pricesText(tally, projection, ownPrices)).map((line) => `  · ${line}`),
    '',
  ].join('\n');
}

const indent = (rows: readonly (readonly string[])[]): string[] =>
  tableLines(rows).map((line) => `  ${line}`);

function billRows(tally: LogTally, { steps, todayNanos }: Projection): string[][] {
  const shown = steps.slice(0, SHOWN);
  return [
    [
      'step',
      'by',
      'calls',
      'input',
      'cached',
      'cache write',
      'output',
      'reasoning',
      'cost',
      'no price',
      'first line',
    ],
    ...shown.map(({ spend, todayNanos: today }) => [
      spend.step.label,
      spend.step.by,
      count(spend.calls),
      ...tokenCells(spend.tokens),
      money(today),
      spend.unpriced === 0 ? '' : calls(spend.unpriced),
      count(spend.firstLine),
    ]),
    ...(steps.length > SHOWN ? [[`and ${count(steps.length - SHOWN)} more`]] : []),
    [
      'total',
      '',
      count(tally.total.calls),
      ...tokenCells(tally.total.tokens),
      money(todayNanos),
      tally.total.unpriced === 0 ? '' : calls(tally.total.unpriced),
    ],
  ];
}

const tokenCells = (tokens: TokenCounts): string[] =>
  [
    tokens.input,
    tokens.cachedInput,
    tokens.cacheWrite + tokens.cacheWriteLong,
    tokens.output,
    tokens.reasoning,
  ].map(count);

function projectionRows({ steps, todayNanos, smallFirstNanos, savedNanos }: Projection): string[][] {
  return [
    ['step', 'kept small', 'today', 'small first', 'saved', ''],
    ...steps
      .slice(0, SHOWN)
      .map((step) => [
        step.spend.step.label,
        percent(step.keptMillionths / 1e6),
        money(step.todayNanos),
        money(step.smallFirstNanos),
        ...savedCells(step.savedNanos, step.todayNanos),
      ]),
    ['total', '', money(todayNanos), money(smallFirstNanos), ...savedCells(savedNanos, todayNanos)],
  ];
}

const savedCells = (saved: bigint | undefined, today: bigint | undefined): string[] => [
  money(saved),
  saved === undefined || today === undefined || today === 0n ? '' : percent(Number(saved) / Number(today)),
];

function firstRows({ evaluateFirst, steps }: Projection): string[][] {
  const unknown = steps.filter(({ savedNanos }) => savedNanos === undefined).length;
  const without =
    unknown === 0
      ? []
      : [
          [
            `${unknown === 1 ? '1 step is' : `${count(unknown)} steps are`} not among them: the saving is unknown`,
          ],
        ];
  if (evaluateFirst.length === 0)
    return [['no step is known to have anything to save under these assumptions'], ...without];
  const all = evaluateFirst.reduce((sum, { savedNanos = 0n }) => sum + savedNanos, 0n);
  return [
    ['step', 'at stake', 'of all'],
    ...evaluateFirst
      .slice(0, 5)
      .map(({ spend, savedNanos = 0n }) => [
        spend.step.label,
        money(savedNanos),
        percent(Number(savedNanos) / Number(all)),
      ]),
    ...without,
  ];
}

function tuningRows({ firstMs, lastMs }: LogTally, { steps }: Projection): string[][] {
  const days = ((lastMs ?? 0) - (firstMs ?? 0)) / 86_400_000;
  return [
    ['step', 'after', 'at this rate'],
    ...steps
      .slice(0, SHOWN)
      .map((step) => [step.spend.step.label, ...tuningCells(step, step.fineTuning, days)]),
  ];
}

function tuningCells({ spend }: StepProjection, tuning: FineTuning, days: number): string[] {
  if (tuning.pays !== 'after') {
    return [tuning.pays, tuning.pays === 'never' ? 'today is cheaper' : 'a price is missing'];
  }
  const rate = days >= 1 ? daysOf(Math.ceil((Number(tuning.calls) / spend.calls) * days)) : 'unknown';
  return [calls(Number(tuning.calls)), rate];
}

/** Whose prices all money is at, and of which day. */
function pricesText(
  { pricesChecked: ofBill }: LogTally,
  { pricesChecked: ofProjection }: Projection,
  ownPrices: string | undefined,
): string {
  if (ofBill === undefined) return 'no call has a known price';
  const checked = `checked ${ofProjection !== undefined && ofProjection > ofBill ? ofProjection : ofBill} at the latest`;
  return ownPrices === undefined
    ? `prices: list prices, ${checked}; compare them with your contract, or give your own with --prices`
    : `prices: those of ${ownPrices}, and list prices for models that it does not have, ${checked}`;
}

function notes(path: string, tally: LogTally, prices: string): string[] {
  const formats = [...tally.formats].map(([format, number]) => `${format} ${count(number)}`).join(', ');
  const said = [
    `formats: ${formats || 'none'}`,
    prices,
    "whether a small model is good enough is not in a log: `spillway tune` says so on labelled messages; every call is taken to go to the small model first, and those not kept to today's model as well",
  ];
  if (tally.undated > 0) said.push(`${calls(tally.undated)} without a moment, at the latest price`);
  if (tally.total.unpriced > 0) {
    said.push(
      `${calls(tally.total.unpriced)} without a known price: totals with them are unknown, not zero (known: ${money(tally.total.knownNanos)}); ${unpricedModels(tally)}`,
    );
  }
  said.push(...tally.skipped.map((reason) => `left out: ${reasonText(path, reason)}`));
  said.push(...tally.unreadable.map((reason) => `unreadable: ${reasonText(path, reason)}`));
  return said;
}

function unpricedModels({ steps }: LogTally): string {
  const names = new Set<string>();
  for (const { models } of steps) {
    for (const [model, { unpriced }] of models) if (unpriced > 0) names.add(shownName(model));
  }
  return `models: ${[...names].slice(0, 8).join(', ')}${names.size > 8 ? ', …' : ''}`;
}

/** A name out of a file, on one line and of a length that a terminal bears. */
const shownName = (name: string): string => name.replace(/\p{C}+/gu, ' ').slice(0, 60);

const reasonText = (path: string, { reason, lines: number, first }: ReasonCount): string =>
  `${lines(number)}: ${reason} (${first.map((each) => `${path}:${each}`).join(', ')}${number > first.length ? ', …' : ''})`;
