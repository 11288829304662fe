import type { Statistic } from '../statistics/bootstrap.js';
import { type PrecisionRecall, precisionRecall } from './precision-recall.js';

/** One row of a step that picks from a closed list. */
export interface LabelledAnswer {
  readonly truth: string;
  /** Undefined: no answer. It counts as a miss of the truth, and as nothing said. */
  readonly said: string | undefined;
}

export interface ClassFigures extends PrecisionRecall {
  readonly label: string;
}

/** Rows of one label that were given another one. */
export interface Confusion {
  readonly truth: string;
  /** Undefined: no answer. */
  readonly said: string | undefined;
  readonly rows: number;
}

export interface LabelFigures {
  readonly rows: number;
  readonly accuracy: number;
  /** Mean F1 of all labels that occur, as truth or as answer, whatever their share of the rows. */
  readonly macroF1: number;
  /** Labels by rising F1. */
  readonly classes: readonly ClassFigures[];
  /** Every cell of the confusion matrix with rows that are wrong, the fullest first. */
  readonly confusions: readonly Confusion[];
}

/** Figures of answers that name one label each. NaN for shares without rows. */
export function labelFigures(answers: readonly LabelledAnswer[]): LabelFigures {
  const coded = codesOf(answers);
  const { hits, said, expected } = countsOf(coded);
  const classes = coded.labels
    .map((label, code) => ({
      label,
      ...precisionRecall(hits[code] as number, said[code] as number, expected[code] as number),
    }))
    .sort((one, other) => (one.f1 ?? 0) - (other.f1 ?? 0) || (one.label < other.label ? -1 : 1));
  return {
    rows: answers.length,
    accuracy: hits.reduce((sum, one) => sum + one, 0) / answers.length,
    macroF1: macroF1(coded),
    classes,
    confusions: confusionsOf(answers),
  };
}

/**
 * Precision and recall of one label, such as the one for messages that are none of the company's business: how many of them
 * are noticed, and how many that are said to be such truly are.
 */
export const figuresOfLabel = (answers: readonly LabelledAnswer[], label: string): PrecisionRecall =>
  precisionRecall(
    answers.filter(({ truth, said }) => truth === label && said === label).length,
    answers.filter(({ said }) => said === label).length,
    answers.filter(({ truth }) => truth === label).length,
  );

/**
 * Macro-F1 as a figure of rows that are drawn again, for intervals. The difference of two models is that of their figures over
 * the same draw.
 */
export function macroF1Of(answers: readonly LabelledAnswer[]): Statistic {
  const coded = codesOf(answers);
  return (drawn) => macroF1(coded, drawn);
}

/** Labels as numbers; -1 is no answer. */
interface Coded {
  readonly labels: readonly string[];
  readonly truth: Int32Array;
  readonly said: Int32Array;
}

function codesOf(answers: readonly LabelledAnswer[]): Coded {
  const codes = new Map<string, number>();
  const codeOf = (label: string): number => {
    const code = codes.get(label) ?? codes.size;
    codes.set(label, code);
    return code;
  };
  const truth = Int32Array.from(answers, (answer) => codeOf(answer.truth));
  const said = Int32Array.from(answers, (answer) => (answer.said === undefined ? -1 : codeOf(answer.said)));
  return { labels: [...codes.keys()], truth, said };
}

function countsOf({ labels, truth, said }: Coded, drawn: Iterable<number> = truth.keys()) {
  const counts = {
    hits: new Uint32Array(labels.length),
    said: new Uint32Array(labels.length),
    expected: new Uint32Array(labels.length),
  };
  for (const at of drawn) {
    const [right, given] = [truth[at] as number, said[at] as number];
    (counts.expected[right] as number) += 1;
    if (given >= 0) (counts.said[given] as number) += 1;
    if (given === right) (counts.hits[right] as number) += 1;
  }
  return counts;
}

function macroF1(coded: Coded, drawn?: Int32Array): number {
  const { hits, said, expected } = countsOf(coded, drawn);
  let [sum, labels] = [0, 0];
  for (const [code, hit] of hits.entries()) {
    const both = (said[code] as number) + (expected[code] as number);
    if (both === 0) continue;
    sum += (2 * hit) / both;
    labels += 1;
  }
  return sum / labels;
}

function confusionsOf(answers: readonly LabelledAnswer[]): Confusion[] {
  const cells = new Map<string, Confusion>();
  for (const { truth, said } of answers) {
    if (truth === said) continue;
    const key = JSON.stringify([truth, said]);
    cells.set(key, { truth, said, rows: (cells.get(key)?.rows ?? 0) + 1 });
  }
  return [...cells.values()].sort((one, other) => other.rows - one.rows);
}
