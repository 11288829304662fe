import { claimsOf, claimsText } from '../claims-text.js';
import { verdictText } from '../verdict-text.js';
import { differenceTable, lineTable, notesOf, type Table } from './cells.js';
import { judgeTable } from './judge-report.js';
import type { StepComparison } from './step-comparison.js';

/** What all steps of a report have in common. */
export interface ReportHead {
  readonly pack: string;
  /** ISO day. */
  readonly day: string;
  readonly policyVersion: string;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

const table = ({ title, head, rows }: Table): string[] =>
  rows.length === 0
    ? []
    : [`### ${title}`, [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')];

function section(comparison: StepComparison): string {
  const { figures, details, verdict, judged } = comparison;
  return [
    `## ${figures.step}`,
    `**${verdictText(verdict)}**`,
    ...table(lineTable(figures)),
    ...table(differenceTable(figures)),
    ...(judged === undefined ? [] : table(judgeTable(judged))),
    ...details.flatMap(table),
    notesOf(figures)
      .map((note) => `- ${note}`)
      .join('\n'),
  ].join('\n\n');
}

/** The comparison as Markdown, with nothing of a customer's text. */
export const comparisonMarkdown = (
  { pack, day, policyVersion }: ReportHead,
  comparisons: readonly StepComparison[],
): string =>
  `${[`# Evaluation of ${pack}, ${day}`, `Policy ${policyVersion}. ${claimsLine(comparisons)}`.trimEnd(), ...comparisons.map(section)].join('\n\n')}\n`;

/** What the verdicts of a report mean together; empty where there is nothing to add to a single one. */
export const claimsLine = (comparisons: readonly StepComparison[]): string =>
  claimsText(claimsOf(comparisons.map(({ verdict }) => verdict)));
