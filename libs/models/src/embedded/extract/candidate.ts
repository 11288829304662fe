import type { FieldKind } from '@spillway/pack/pack';

/** A value that a finder has seen in a text. */
export interface Candidate {
  readonly kind: FieldKind;
  /** Normalised, as the field's kind asks. */
  readonly value: string;
  /** Characters [start, end) of the text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** How plainly it was written: a row of the precision table, such as `iso` or `weekday` for a date. */
  readonly situation: string;
  /** The field it belongs to, where its kind alone does not say: patterns belong to one field each. */
  readonly field?: string;
}
