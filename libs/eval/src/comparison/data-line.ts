import type { LabelSource } from '@spillway/confidence/fit';

/** A file of rows, as a report names it. */
interface EvaluatedSet {
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly rows: number;
}

/** What all figures of a step rest on. */
export interface Evidence {
  readonly sets: readonly EvaluatedSet[];
  /** Rows that were left out, since an embedded model was trained on them. */
  readonly leftOut: number;
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
export function dataLine({ sets, leftOut, labelSource, pricesFrom }: Evidence, rows: number): string {
  const files = sets.map(
    ({ path, sha256, rows: own }) => `${path} (sha256 ${sha256.slice(0, SHORT)}, ${own} rows)`,
  );
  const without = leftOut === 0 ? '' : `; ${leftOut} rows that a model was trained on are left out`;
  return `${rows} rows of ${files.join(', ')}${without}; labels: ${sourceName[labelSource]}; prices of ${pricesFrom}`;
}
