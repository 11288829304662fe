import { counted } from '@spillway/confidence/counted';
import { differenceTable, lineTable, money, notesOf, type Table } from '@spillway/eval/comparison-cells';
import { claimsLine } from '@spillway/eval/comparison-markdown';
import { judgeTable } from '@spillway/eval/judge-report';
import type { StepTest } from '@spillway/eval/junit';
import type { StepComparison } from '@spillway/eval/step-comparison';
import { verdictText } from '@spillway/eval/verdict-text';
import type { CallTally } from './eval-answers.js';
import { tableLines } from './table.js';

const count = (number: number): string => number.toLocaleString('en');

const block = ({ title, head, rows }: Table): string[] =>
  rows.length === 0 ? [] : [`  ${title}`, ...tableLines([head, ...rows]).map((line) => `    ${line}`), ''];

/** A step for a terminal: the lines side by side, what they gain and lose, where it goes wrong, and what it all rests on. */
function comparisonText({ figures, details, verdict, judged }: StepComparison): string {
  return [
    figures.step,
    `  ${verdictText(verdict)}`,
    '',
    ...block(lineTable(figures)),
    ...block(differenceTable(figures)),
    ...(judged === undefined ? [] : block(judgeTable(judged))),
    ...details.flatMap(block),
    ...notesOf(figures).map((note) => `  · ${note}`),
    '',
  ].join('\n');
}

/** All steps for a terminal, and what their verdicts mean together. */
export function reportText(comparisons: readonly StepComparison[]): string {
  const claims = claimsLine(comparisons);
  return [...comparisons.map(comparisonText), ...(claims === '' ? [] : [`${claims}\n`])].join('\n');
}

/** A step for JUnit: why it fails, and everything else as its output. */
export function stepTest(comparison: StepComparison): StepTest {
  const { figures, verdict } = comparison;
  const { rows, lines } = figures;
  const failure = verdict.underFloor ? { failure: verdictText(verdict) } : {};
  const alone = lines.filter(({ name }) => name === 'floor' || name === 'ceiling');
  const seconds = alone.reduce((sum, { latency }) => sum + (rows * latency.mean) / 1_000, 0);
  return { step: figures.step, ...failure, seconds, output: comparisonText(comparison) };
}

/** Where the answers came from, and what was paid for them. */
export function tallyText({ calls, served, paidNanos }: CallTally): string {
  if (calls === 0) return 'No endpoint was called: embedded models answered, $0.';
  return `Served from the cache: ${count(served)} of ${counted(calls, 'call')}; paid for the others: ${paidNanos === 0n ? '$0' : money(paidNanos)}.`;
}
