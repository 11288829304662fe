import { OUT_OF_SCOPE } from '@spillway/pack/pack';
import type { LabelledRow } from '../dataset.js';
import { moodOf } from '../grade.js';
import { kappaOf } from '../metrics/kappa.js';
import { figuresOfLabel, type LabelledAnswer, labelFigures, macroF1Of } from '../metrics/labels.js';
import type { Table } from './cells.js';
import type { GradedAnswer } from './graded.js';
import { type ConfusionCell, NOTHING, PRECISION_HEAD, precisionCells, type StepMetrics } from './measured.js';

const MOODS = ['negative', 'neutral', 'positive'] as const;

/** Cells of a confusion matrix that are named: more of them are not read. */
const CONFUSIONS = 12;

/** A step that picks from a closed list. */
export function labelMetrics(step: 'classify' | 'sentiment', rows: readonly LabelledRow[]): StepMetrics {
  const truths = rows.map(({ label }) => String(label));
  const labelled = (answers: readonly GradedAnswer[]): LabelledAnswer[] =>
    answers.map(({ said }, at) => ({ truth: truths[at] ?? '', said: said === '' ? undefined : said }));
  return {
    grade(completed, row) {
      const { result } = completed;
      const said = result?.case === 'classification' ? (result.value.label ?? '') : moodOf(completed);
      return { ...NOTHING, said, right: said !== '' && said === truths[row] };
    },
    f1: { name: 'macro-F1', of: (answers) => macroF1Of(labelled(answers)) },
    confusion: (answers) => confusionOf(labelled(answers)),
    details: (answers) => [
      ...(step === 'classify' ? outOfScopeTable(labelled(answers)) : moodTable(labelled(answers))),
      ...confusionTables(labelled(answers)),
    ],
  };
}

/** How a cell names what was no answer. */
const NO_ANSWER = '(no answer)';

function confusionOf(answers: readonly LabelledAnswer[]): readonly ConfusionCell[] {
  const cells = new Map<string, ConfusionCell>();
  for (const { truth, said = NO_ANSWER } of answers) {
    const key = JSON.stringify([truth, said]);
    cells.set(key, { truth, said, rows: (cells.get(key)?.rows ?? 0) + 1 });
  }
  return [...cells.values()];
}

function confusionTables(answers: readonly LabelledAnswer[]): readonly Table[] {
  const { classes, confusions } = labelFigures(answers);
  return [
    {
      title: 'By label, the worst first',
      head: ['label', ...PRECISION_HEAD, 'rows'],
      rows: classes.map(({ label, ...own }) => [label, ...precisionCells(own)]),
    },
    {
      title: 'Taken for another label most often',
      head: ['label', 'the answer', 'rows'],
      rows: confusions
        .slice(0, CONFUSIONS)
        .map(({ truth, said, rows }) => [truth, said ?? NO_ANSWER, String(rows)]),
    },
  ];
}

function outOfScopeTable(answers: readonly LabelledAnswer[]): readonly Table[] {
  const own = figuresOfLabel(answers, OUT_OF_SCOPE);
  return own.expected === 0
    ? []
    : [
        {
          title: 'Messages that are none of the company’s business',
          head: ['label', ...PRECISION_HEAD, 'rows'],
          rows: [[OUT_OF_SCOPE, ...precisionCells(own)]],
        },
      ];
}

function moodTable(answers: readonly LabelledAnswer[]): readonly Table[] {
  const kappa = kappaOf(
    answers.map(({ truth }) => truth),
    answers.map(({ said }) => said),
    MOODS,
    'quadratic',
  );
  const value = kappa(Int32Array.from(answers.keys()));
  return [
    {
      title: 'Agreement with the labels, moods in order',
      head: ['figure', 'value'],
      rows: [['quadratic weighted kappa', Number.isNaN(value) ? '–' : value.toFixed(3)]],
    },
  ];
}
