import { counted } from '@spillway/confidence/counted';
import type { Format } from '@spillway/eval/export/formats';
import { type LeftOut, leftOutReasons } from '@spillway/eval/export/left-out';
import { type ExportSummary, rowsIn } from '@spillway/eval/export/summary';

const count = (number: number): string => number.toLocaleString('en');
const rowsOf = (number: number): string => counted(number, 'row');

/** An export in a few lines for whoever watches. No text of a customer. */
export function summaryLines(summary: ExportSummary): readonly string[] {
  const { step, rows, bySource, models, masked, leftOut, firstDay, lastDay } = summary;
  const sources = Object.entries(bySource).map(([origin, number]) => `${count(number)} ${origin}`);
  const kinds = Object.entries(masked).map(([kind, number]) => `${kind} ${count(number)}`);
  const embedded = models.filter((each) => each.embedded);
  return [
    `${step}: ${rowsOf(rowsIn(summary))} of ${firstDay} to ${lastDay} (${sources.join(', ')}): train ${count(rows.train)}, validation ${count(rows.validation)}, test ${count(rows.test)}`,
    ...(kinds.length === 0 ? [] : [`masked: ${kinds.join(', ')}`]),
    ...embedded.map(
      ({ model, rows: number }) =>
        `${rowsOf(number)} ${number === 1 ? 'was' : 'were'} answered by ${model}, which is no language model`,
    ),
    ...leftOutLines(leftOut),
  ];
}

/** What was left out, why, and of which messages first. */
export const leftOutLines = (leftOut: readonly LeftOut[]): readonly string[] =>
  leftOut.map(
    ({ reason, rows, firstMessages }) =>
      `left out: ${rowsOf(rows)}, ${leftOutReasons[reason]} (${firstMessages.join(', ')}${rows > firstMessages.length ? ', …' : ''})`,
  );

interface Written {
  /** Absent for corrections. */
  readonly format?: Format;
  readonly files: readonly string[];
  /** Where a proposal for the eval set lies. */
  readonly proposal?: string;
}

/** The same for tools. */
export const summaryJson = (summary: ExportSummary, { format, files, proposal }: Written): object => ({
  step: summary.step,
  format: format ?? null,
  first_day: summary.firstDay,
  last_day: summary.lastDay,
  rows: summary.rows,
  by_source: summary.bySource,
  by_label: summary.byLabel,
  models: summary.models,
  masked: summary.masked,
  left_out: summary.leftOut.map(({ reason, rows, firstMessages }) => ({
    reason,
    rows,
    first_messages: firstMessages,
  })),
  files,
  proposal: proposal ?? null,
});
