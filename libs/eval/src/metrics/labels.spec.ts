import { seededRandom } from '@spillway/confidence/random';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from '../statistics/bootstrap.js';
import { figuresOfLabel, type LabelledAnswer, labelFigures, macroF1Of } from './labels.js';

const answers = (...pairs: readonly (readonly [string, string | undefined])[]): readonly LabelledAnswer[] =>
  pairs.map(([truth, said]) => ({ truth, said }));

describe('labelFigures', () => {
  it.each<[string, readonly LabelledAnswer[], number, number]>([
    ['all right', answers(['a', 'a'], ['b', 'b']), 1, 1],
    ['all wrong', answers(['a', 'b'], ['b', 'a']), 0, 0],
    // scikit-learn: f1_score([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], average='macro') = 0.26666...
    [
      'the example of a well-known library',
      answers(['0', '0'], ['1', '2'], ['2', '1'], ['0', '0'], ['1', '0'], ['2', '1']),
      1 / 3,
      4 / 15,
    ],
    ['no answer is a miss', answers(['a', 'a'], ['a', undefined], ['b', 'b']), 2 / 3, 5 / 6],
    [
      'a label that only answers name pulls the mean down',
      answers(['a', 'a'], ['a', 'c'], ['b', 'b']),
      2 / 3,
      5 / 9,
    ],
    [
      'a rare label weighs as much as a frequent one',
      answers(['a', 'a'], ['a', 'a'], ['a', 'a'], ['b', 'a']),
      0.75,
      3 / 7,
    ],
  ])('%s', (_, given, accuracy, macro) => {
    const figures = labelFigures(given);
    expect(figures.accuracy).toBeCloseTo(accuracy, 12);
    expect(figures.macroF1).toBeCloseTo(macro, 12);
  });

  it('tells for each label, the weakest first, and where rows went', () => {
    const figures = labelFigures(answers(['a', 'a'], ['a', 'b'], ['a', 'b'], ['b', 'b'], ['c', undefined]));
    expect(figures.classes).toEqual([
      { label: 'c', hits: 0, said: 0, expected: 1, recall: 0, f1: 0 },
      { label: 'a', hits: 1, said: 1, expected: 3, precision: 1, recall: 1 / 3, f1: 0.5 },
      { label: 'b', hits: 1, said: 3, expected: 1, precision: 1 / 3, recall: 1, f1: 0.5 },
    ]);
    expect(figures.confusions).toEqual([
      { truth: 'a', said: 'b', rows: 2 },
      { truth: 'c', said: undefined, rows: 1 },
    ]);
  });
});

it('a label by itself: how many out of scope are noticed, and how often rightly', () => {
  const given = answers(['oos', 'oos'], ['oos', 'a'], ['oos', undefined], ['a', 'oos'], ['a', 'a']);
  expect(figuresOfLabel(given, 'oos')).toMatchObject({ precision: 1 / 2, recall: 1 / 3 });
  expect(figuresOfLabel(given, 'none')).toEqual({ hits: 0, said: 0, expected: 0 });
});

it('labels that a draw of rows leaves out do not count in its macro-F1', () => {
  const figure = macroF1Of(answers(['a', 'a'], ['b', 'a'], ['c', 'c']));
  expect(figure(Int32Array.of(0, 0, 2))).toBe(1);
  expect(figure(Int32Array.of(0, 1))).toBeCloseTo(1 / 3, 12);
});

it('two models beside each other have a narrow interval of their difference in macro-F1', () => {
  const rows = Array.from({ length: 400 }, (_, at) => ({ truth: `l${at % 5}`, said: `l${at % 5}` }));
  const weaker = rows.map((row, at) => (at % 20 === 0 ? { ...row, said: 'l1' } : row));
  const [one, other] = [macroF1Of(weaker), macroF1Of(rows)];
  const found = bootstrapInterval(400, (drawn) => one(drawn) - other(drawn), {
    random: seededRandom(1),
    rounds: 500,
  });
  expect(found.estimate).toBeLessThan(0);
  expect(found.corrected.upper).toBeLessThan(-0.02);
  expect(found.corrected.upper - found.corrected.lower).toBeLessThan(0.06);
});
