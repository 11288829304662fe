import { normalForm, valueFinder } from '@spillway/models/values';
import type { Pack } from '@spillway/pack/pack';
import type { LabelledRow } from '../dataset.js';
import { fieldsOf } from '../grade.js';
import { type FieldAnswer, type FormOf, fieldFigures } from '../metrics/fields.js';
import type { Statistic } from '../statistics/bootstrap.js';
import type { Table } from './cells.js';
import type { GradedAnswer } from './graded.js';
import { NOTHING, PRECISION_HEAD, precisionCells, type StepMetrics, shareCell } from './measured.js';

/** Values read out of a message. What means the same is the same: "12 November" and 2026-11-12, 58,90 € and 58.90 EUR. */
export function fieldMetrics(pack: Pack, rows: readonly LabelledRow<'extract'>[]): StepMetrics {
  const find = valueFinder(pack.brand);
  const kinds = new Map(pack.fields.map((field) => [field.name, field]));
  const formOf: FormOf = (name, value, at) => {
    const field = kinds.get(name) ?? { kind: 'pattern', normalise: 'none' };
    return normalForm(field, value, rows[at]?.input ?? { text: '', locale: '', receivedAtMs: 0 }, find);
  };
  const answered = (answers: readonly GradedAnswer[]): FieldAnswer[] =>
    answers.map(({ fields, failure }, at) => ({
      truth: rows[at]?.label ?? {},
      said: failure === undefined ? fields : undefined,
    }));
  return {
    grade(completed, at) {
      const said = completed.result?.case === 'extraction' ? fieldsOf(completed) : undefined;
      const { documents } = fieldFigures([{ truth: rows[at]?.label ?? {}, said }], (name, value) =>
        formOf(name, value, at),
      );
      return { ...NOTHING, fields: said ?? {}, right: documents[0] ?? false };
    },
    f1: {
      name: 'F1 of values',
      of: (answers) => overAllValues(answered(answers), formOf),
    },
    details: (answers) => [fieldTable(answered(answers), formOf)],
  };
}

/** Precision, recall and F1 of a field, as written and by what is meant. */
function fieldTable(answers: readonly FieldAnswer[], formOf: FormOf): Table {
  const meant = fieldFigures(answers, formOf);
  const written = new Map(fieldFigures(answers).fields.map(({ field, f1 }) => [field, f1]));
  return {
    title: 'By field',
    head: ['field', ...PRECISION_HEAD, 'values', 'F1, letter for letter'],
    rows: meant.fields.map(({ field, ...own }) => [
      field,
      ...precisionCells(own),
      shareCell(written.get(field)),
    ]),
  };
}

/** F1 over all values of the rows that are drawn. */
function overAllValues(answers: readonly FieldAnswer[], formOf: FormOf): Statistic {
  const counts = answers.map(
    (answer, at) => fieldFigures([answer], (name, value) => formOf(name, value, at)).all,
  );
  return (drawn) => {
    let [hits, both] = [0, 0];
    for (const at of drawn) {
      const { hits: own = 0, said = 0, expected = 0 } = counts[at] ?? {};
      hits += own;
      both += said + expected;
    }
    return (2 * hits) / both;
  };
}
