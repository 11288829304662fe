import { counted } from '@spillway/confidence/counted';
import type { LabelSource } from '@spillway/confidence/fit';

/** A file of rows, as a report names it. */
interface EvaluatedSet {
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly rows: number;
}

/** Rows that repeat an earlier one, as `tune` takes them for one. */
export interface RepeatedRows {
  readonly rows: number;
  /** Of them, those with another label than the row that stays. */
  readonly otherLabel: number;
}

/** What all figures of a step rest on. */
export interface Evidence {
  readonly sets: readonly EvaluatedSet[];
  /** Rows that were left out, since an embedded model was trained on them. */
  readonly leftOut: number;
  /** Rows that were left out, since they repeat one that is there. */
  readonly repeated: RepeatedRows;
  /** Who says what is right. */
  readonly labelSource: LabelSource;
  /** ISO day of the newest price used. */
  readonly pricesFrom: string;
}

/** Hash digits that tell two files apart at a glance. */
const SHORT = 12;

const sourceName = {
  truth: 'people’s, as the sets have them',
  agreement: 'the big model’s answers, so that “right” is agreement with it',
} as const;

/** What the figures rest on, in a line: sets, rows, who labelled, the day of the prices. */
export function dataLine(
  { sets, leftOut, repeated, labelSource, pricesFrom }: Evidence,
  rows: number,
): string {
  const files = sets.map(
    ({ path, sha256, rows: own }) => `${path} (sha256 ${sha256.slice(0, SHORT)}, ${counted(own, 'row')})`,
  );
  const known =
    leftOut === 0
      ? ''
      : `; ${counted(leftOut, 'row')} that a model was trained on ${leftOut === 1 ? 'is' : 'are'} left out`;
  return `${counted(rows, 'row')} of ${files.join(', ')}${known}${repeatedText(repeated)}; labels: ${sourceName[labelSource]}; prices of ${pricesFrom}`;
}

function repeatedText({ rows, otherLabel }: RepeatedRows): string {
  if (rows === 0) return '';
  const other = otherLabel === 0 ? '' : ` (${otherLabel} with another label: the first one counts)`;
  return `; ${counted(rows, 'row')} that ${rows === 1 ? 'repeats' : 'repeat'} an earlier text ${rows === 1 ? 'is' : 'are'} left out${other}`;
}
