import type { StepName } from '@spillway/store/ledger';
import type { LeftOut } from './left-out.js';
import type { Exported } from './rows.js';
import { type Part, parts } from './split.js';
import type { Origin } from './trusted-answer.js';

/** What an export holds, in figures and names, and with nothing that a customer wrote. */
export interface ExportSummary {
  readonly step: StepName;
  /** ISO days of the first and the last message; null without rows. */
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  readonly rows: Readonly<Record<Part, number>>;
  readonly bySource: Readonly<Partial<Record<Origin, number>>>;
  /** By label, the most frequent first, and within it by part. */
  readonly byLabel: Readonly<Record<string, Readonly<Record<Part, number>>>>;
  /** Rows by the big model that answered, and whether that is a language model. */
  readonly models: readonly { readonly model: string; readonly embedded: boolean; readonly rows: number }[];
  /** Placeholders by kind. */
  readonly masked: Readonly<Record<string, number>>;
  readonly leftOut: readonly LeftOut[];
}

const nothing = (): Record<Part, number> => ({ train: 0, validation: 0, test: 0 });

/** Adds an export up. */
export function summaryOf(step: StepName, { rows, leftOut }: Exported): ExportSummary {
  const labels = [...Map.groupBy(rows, ({ label }) => label)].sort(
    ([, one], [, other]) => other.length - one.length,
  );
  const models = [...Map.groupBy(rows, ({ model }) => model)].flatMap(([model, answered]) =>
    model === null
      ? []
      : [{ model, embedded: answered.some(({ embedded }) => embedded), rows: answered.length }],
  );
  const masked: Record<string, number> = {};
  for (const row of rows) {
    for (const [kind, places] of row.masked) masked[kind] = (masked[kind] ?? 0) + places;
  }
  return {
    step,
    firstDay: dayOf(rows[0]?.receivedAtMs),
    lastDay: dayOf(rows.at(-1)?.receivedAtMs),
    rows: byPart(rows),
    bySource: Object.fromEntries(
      [...Map.groupBy(rows, ({ origin }) => origin)].map(([origin, found]) => [origin, found.length]),
    ),
    byLabel: Object.fromEntries(labels.map(([label, found]) => [label, byPart(found)])),
    models,
    masked,
    leftOut,
  };
}

const dayOf = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString().slice(0, 10);

function byPart(rows: Exported['rows']): Record<Part, number> {
  const counts = nothing();
  for (const { part } of rows) counts[part] += 1;
  return counts;
}

/** Rows in all parts together. */
export const rowsIn = ({ rows }: Pick<ExportSummary, 'rows'>): number =>
  parts.reduce((sum, part) => sum + rows[part], 0);
