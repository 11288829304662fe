import { type PrecisionRecall, precisionRecall } from './precision-recall.js';

type Values = Readonly<Record<string, readonly string[]>>;

/** One message with the values that it holds by field. Values of a field are a set. */
export interface FieldAnswer {
  readonly truth: Values;
  /** Undefined: no answer. Everything is missed then, also where there is nothing to find. */
  readonly said: Values | undefined;
}

/** The form in which two values of a field are compared. */
export type FormOf = (field: string, value: string, row: number) => string;

/** Figures of one way to compare values. */
export interface FieldFigures {
  readonly fields: readonly (PrecisionRecall & { readonly field: string })[];
  /** Over all values of all fields. */
  readonly all: PrecisionRecall;
  /** Mean F1 of the fields that occur. */
  readonly macroF1: number;
  /** For each message whether all its fields are right and there are no others. */
  readonly documents: readonly boolean[];
}

/**
 * Precision and recall per field, and per message. Without forms only equal texts are the same value; with forms that
 * fold case, white space, dates, amounts and numbers also what means the same.
 */
export function fieldFigures(answers: readonly FieldAnswer[], formOf: FormOf = asWritten): FieldFigures {
  const counts = new Map<string, { hits: number; said: number; expected: number }>();
  const documents = answers.map(({ truth, said }, row) => {
    const names = new Set([...Object.keys(truth), ...Object.keys(said ?? {})]);
    let right = said !== undefined;
    for (const field of names) {
      const forms = (values: readonly string[] = []) =>
        new Set(values.map((value) => formOf(field, value, row)));
      const [expected, found] = [forms(truth[field]), forms(said?.[field])];
      const hits = [...expected].filter((value) => found.has(value)).length;
      right &&= hits === expected.size && hits === found.size;
      const before = counts.get(field) ?? { hits: 0, said: 0, expected: 0 };
      counts.set(field, {
        hits: before.hits + hits,
        said: before.said + found.size,
        expected: before.expected + expected.size,
      });
    }
    return right;
  });
  return { ...summary(counts), documents };
}

/** Values are the same when they are the same text. */
const asWritten: FormOf = (_, value) => value;

function summary(
  counts: ReadonlyMap<string, { readonly hits: number; readonly said: number; readonly expected: number }>,
): Pick<FieldFigures, 'fields' | 'all' | 'macroF1'> {
  const fields = [...counts]
    .map(([field, { hits, said, expected }]) => ({ field, ...precisionRecall(hits, said, expected) }))
    .filter(({ f1 }) => f1 !== undefined)
    .sort((one, other) => (one.field < other.field ? -1 : 1));
  const sum = (of: 'hits' | 'said' | 'expected') => fields.reduce((total, field) => total + field[of], 0);
  return {
    fields,
    all: precisionRecall(sum('hits'), sum('said'), sum('expected')),
    macroF1: fields.reduce((total, { f1 = 0 }) => total + f1, 0) / fields.length,
  };
}
