import { differenceTable, lineTable, money, notesOf, type Table } from '@spillway/eval/comparison-cells';
import type { StepComparison } from '@spillway/eval/step-comparison';
import type { CallTally } from './eval-answers.js';
import { tableLines } from './table.js';

const count = (number: number): string => number.toLocaleString('en');

const block = ({ title, head, rows }: Table): string[] =>
  rows.length === 0 ? [] : [`  ${title}`, ...tableLines([head, ...rows]).map((line) => `    ${line}`), ''];

/** A step for a terminal: the lines side by side, what they gain and lose, where it goes wrong, and what it all rests on. */
export function comparisonText({ figures, details }: StepComparison): string {
  return [
    figures.step,
    ...block(lineTable(figures)),
    ...block(differenceTable(figures)),
    ...details.flatMap(block),
    ...notesOf(figures).map((note) => `  · ${note}`),
    '',
  ].join('\n');
}

/** Where the answers came from, and what was paid for them. */
export function tallyText({ calls, served, paidNanos }: CallTally): string {
  if (calls === 0) return 'No endpoint was called: embedded models answered, $0.';
  return `Served from the cache: ${count(served)} of ${count(calls)} calls; paid for the others: ${paidNanos === 0n ? '$0' : money(paidNanos)}.`;
}
