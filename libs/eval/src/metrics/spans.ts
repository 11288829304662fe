import { type PrecisionRecall, precisionRecall } from './precision-recall.js';

/** Characters [start, end) of a text that hold a value of a field. */
export interface LabelledSpan {
  readonly field: string;
  readonly start: number;
  readonly end: number;
}

/** One message with the places of its values. */
export interface SpanAnswer {
  readonly truth: readonly LabelledSpan[];
  /** Undefined: no answer. */
  readonly said: readonly LabelledSpan[] | undefined;
}

export interface SpanFigures {
  /** Field and both ends must be the same, as sequence taggers are scored. */
  readonly exact: PrecisionRecall;
  /** One character in common is enough; each span is used once. */
  readonly overlapping: PrecisionRecall;
}

/** F1 over the spans of all messages, comparable with figures of taggers that mark words and normalise nothing. */
export function spanFigures(answers: readonly SpanAnswer[]): SpanFigures {
  const count = (same: (one: LabelledSpan, other: LabelledSpan) => boolean): PrecisionRecall => {
    let [hits, said, expected] = [0, 0, 0];
    for (const answer of answers) {
      const free = [...(answer.said ?? [])];
      said += free.length;
      expected += answer.truth.length;
      for (const span of answer.truth) {
        const at = free.findIndex((one) => same(one, span));
        if (at === -1) continue;
        free.splice(at, 1);
        hits += 1;
      }
    }
    return precisionRecall(hits, said, expected);
  };
  return {
    exact: count(
      (one, other) => one.field === other.field && one.start === other.start && one.end === other.end,
    ),
    overlapping: count(
      (one, other) => one.field === other.field && one.start < other.end && other.start < one.end,
    ),
  };
}
