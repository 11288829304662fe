import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Findings } from './findings.js';
import type { TakeOver } from './groups.js';
import { slowestTakeOver, violationsOf } from './violations.js';

export interface Report extends Findings {
  /** Raw logs, `report.json` and `report.md`. */
  readonly folder: string;
  /** Every promise that was broken, in words. */
  readonly violations: readonly string[];
  readonly markdown: string;
}

/** Judges what was seen, and writes it down beside the raw logs. */
export function reportOf(folder: string, findings: Findings): Report {
  const violations = violationsOf(findings);
  const markdown = inWords(findings, violations, folder);
  const report = { ...findings, folder, violations, markdown };
  const { markdown: _, ...json } = report;
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(json, undefined, 2)}\n`);
  writeFileSync(join(folder, 'report.md'), markdown);
  return report;
}

type Row = readonly [name: string, value: string | number];

function inWords(findings: Findings, violations: readonly string[], folder: string): string {
  const { options, stuck } = findings;
  const processes = Object.entries(options.processes).map(([role, count]) => `${count} × ${role}`);
  return [
    `# Chaos, seed ${options.seed}: ${violations.length === 0 ? 'every promise held' : 'BROKEN PROMISES'}`,
    '',
    `${findings.origins.join('; ')}. Node ${process.versions.node}, ${cpus().length} cores.`,
    `Processes: ${processes.join(', ')}; a worker runs classifier, extractor, sentiment, drafter and polisher.`,
    ...(findings.loadAtStart > 0.5
      ? [
          `Others kept the machine busy: load ${findings.loadAtStart.toFixed(1)} at the start. Times are to be read so.`,
        ]
      : []),
    `Raw logs: ${folder}`,
    '',
    ...table(['figure', 'value'], [...promiseRows(findings), ...timeRows(findings)]),
    '',
    ...killTable(findings),
    ...section('Broken promises', violations),
    ...section('Where it is stuck', stuck),
  ].join('\n');
}

function promiseRows(findings: Findings): readonly Row[] {
  const { fates, payments, kills, outages } = findings;
  const killed = Object.entries(Object.groupBy(kills, ({ role }) => role)).map(
    ([role, list]) => `${list.length} × ${role}`,
  );
  const down = Object.entries(Object.groupBy(outages, ({ server }) => server)).map(
    ([server, list]) => `${list.length} × ${server}`,
  );
  return [
    ['messages accepted / calls repeated', `${findings.accepted} / ${findings.repeats}`],
    ['blows dealt of planned', `${findings.blows.dealt} of ${findings.blows.planned}`],
    ['processes killed with -9', killed.join(', ')],
    ['servers killed with -9', down.join(', ')],
    ['settled / with a person / failed', `${fates.settled} / ${fates.withPerson} / ${fates.failed}`],
    ['lost', fates.lost.length],
    ['settled twice', fates.settledTwice.length],
    ['the same end on the log again', fates.repeatedEnds],
    ['conversations out of order', fates.outOfOrder.length],
    ['ledger otherwise than the log', findings.ledgerFaults.length],
    [
      'unreadable events / dead letters / not parked',
      `${findings.foreign} / ${fates.deadLetters} / ${fates.unparked.length}`,
    ],
    ['model calls', payments.calls],
    [
      'paid again: in flight at a kill -9',
      payments.byKill.reduce((sum, { repeated }) => sum + repeated.length, 0),
    ],
    ['paid again: anything else', payments.unexplained.length],
    ['calls broken off by a process that was not killed', payments.brokenOff.length],
    ['processes that ended by themselves', findings.collapses.filter(({ wasReady }) => wasReady).length],
  ];
}

function timeRows({ takeOvers, farewells, seconds }: Findings): readonly Row[] {
  const undisturbed = (list: readonly TakeOver[]): number =>
    list.filter(({ disturbed }) => !disturbed).length;
  const slowest = (list: readonly TakeOver[]): string =>
    `${slowestTakeOver(list) ?? '–'} ms (slowest of ${undisturbed(list)} undisturbed, of ${list.length})`;
  const exits = farewells.map(({ at, exitedAt }) => exitedAt - at);
  return [
    ['take-over after kill -9', slowest(takeOvers.kills)],
    ['take-over after the exit that SIGTERM led to', slowest(takeOvers.farewells)],
    ['SIGTERM to exit', exits.length === 0 ? '–' : `${Math.max(...exits)} ms (slowest of ${exits.length})`],
    ['length of the run', `${Math.round(seconds)} s`],
  ];
}

function killTable({ payments: { byKill } }: Findings): readonly string[] {
  const rows = byKill
    .filter(({ unanswered, repeated }) => unanswered + repeated.length > 0)
    .map(({ kill, unanswered, repeated, unrecordedMs }): readonly (string | number)[] => [
      kill.process,
      new Date(kill.at).toISOString(),
      unanswered,
      repeated.length,
      unrecordedMs,
    ]);
  return [
    '## Calls per kill',
    '',
    ...table(
      ['process', 'killed at', 'not answered yet', 'paid again', 'oldest answer not recorded, ms'],
      rows,
    ),
    '',
  ];
}

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): readonly string[] =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`## ${title}`, '', ...lines.map((line) => `- ${line}`), ''];
