import type { FieldKind } from '@spillway/pack/pack';

/** What is known about a value that was found, besides the value: the row of the table it counts in. */
export interface Evidence {
  readonly kind: FieldKind;
  /** How plainly it was written. */
  readonly situation: string;
  /** A word that goes with the field stands near: "order", "refund", "call me". */
  readonly near: boolean;
  /** The text offers another value for the same field. */
  readonly rivals: boolean;
}

/** How often values found under the same circumstances were right, on labelled messages. */
export interface Cell extends Evidence {
  readonly right: number;
  readonly seen: number;
}

/** How often it was right to find nothing: in texts with and without digits or an @. */
interface EmptyCell {
  readonly signs: boolean;
  readonly right: number;
  readonly seen: number;
}

export interface PrecisionTable {
  readonly cells: readonly Cell[];
  readonly empty: readonly EmptyCell[];
}

/** Weight, in observations, of the wider group's rate in the narrower one's: a cell of three says little by itself. */
const PRIOR_WEIGHT = 8;
/** Where nothing was seen at all. */
const UNKNOWN = 0.5;

interface Count {
  readonly right: number;
  readonly seen: number;
}

const NONE: Count = { right: 0, seen: 0 };

const shrunk = (count: Count, prior: number): number =>
  (count.right + PRIOR_WEIGHT * prior) / (count.seen + PRIOR_WEIGHT);

const plus = (a: Count, b: Count): Count => ({ right: a.right + b.right, seen: a.seen + b.seen });

/** From the widest group to the cell itself; each is drawn towards the one before it. */
const groupsOf = ({ kind, situation, near, rivals }: Evidence): readonly string[] => [
  kind,
  `${kind}/${situation}`,
  `${kind}/${situation}/${rivals}`,
  `${kind}/${situation}/${rivals}/${near}`,
];

export interface Precision {
  /** Measured share of values written so that are right, without the table's help for thin cells; 0.5 where none was seen. */
  raw(evidence: Evidence): number;
  /** Probability, 0 to 1, that a value found so is right. */
  of(evidence: Evidence): number;
  /** Probability, 0 to 1, that a text in which nothing was found holds nothing. */
  ofNothing(signs: boolean): number;
}

/** Makes a table of counts answer as probabilities. */
export function precisionFrom(table: PrecisionTable): Precision {
  const counts = new Map<string, Count>();
  for (const cell of table.cells) {
    for (const group of groupsOf(cell)) counts.set(group, plus(counts.get(group) ?? NONE, cell));
  }
  const all = table.empty.reduce<Count>(plus, NONE);
  const nothing = (signs: boolean): number =>
    shrunk(table.empty.find((each) => each.signs === signs) ?? NONE, shrunk(all, UNKNOWN));
  const nothings = { with: nothing(true), without: nothing(false) };
  return {
    raw({ kind, situation }) {
      const { right, seen } = counts.get(`${kind}/${situation}`) ?? NONE;
      return seen === 0 ? UNKNOWN : right / seen;
    },
    of: (evidence) =>
      groupsOf(evidence).reduce((prior, group) => shrunk(counts.get(group) ?? NONE, prior), UNKNOWN),
    ofNothing: (signs) => (signs ? nothings.with : nothings.without),
  };
}
