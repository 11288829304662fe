import { describe, expect, it } from 'vitest';
import { type FieldAnswer, fieldFigures } from './fields.js';

const folded = (_: string, value: string) => value.toLowerCase();

describe('fieldFigures', () => {
  const answers: readonly FieldAnswer[] = [
    { truth: { order: ['A1'], date: ['2026-11-12'] }, said: { order: ['A1'], date: ['2026-11-12'] } },
    { truth: { order: ['B2', 'C3'] }, said: { order: ['b2'] } },
    { truth: {}, said: { date: ['2026-11-13'] } },
    { truth: {}, said: {} },
    { truth: {}, said: undefined },
    { truth: { order: ['D4'] }, said: undefined },
  ];

  it('counts values by field as they are written', () => {
    const figures = fieldFigures(answers);
    expect(figures.fields).toEqual([
      { field: 'date', hits: 1, said: 2, expected: 1, precision: 0.5, recall: 1, f1: 2 / 3 },
      { field: 'order', hits: 1, said: 2, expected: 4, precision: 0.5, recall: 0.25, f1: 1 / 3 },
    ]);
    expect(figures.all).toMatchObject({ hits: 2, said: 4, expected: 5, f1: 4 / 9 });
    expect(figures.macroF1).toBeCloseTo(0.5, 12);
  });

  it('counts what means the same as the same, in the form that is asked for', () => {
    const figures = fieldFigures(answers, folded);
    expect(figures.fields.find(({ field }) => field === 'order')).toMatchObject({ hits: 2, precision: 1 });
  });

  it('a message is right with all its values and no others; without an answer it is wrong', () => {
    expect(fieldFigures(answers).documents).toEqual([true, false, false, true, false, false]);
  });

  it('the same value twice is one', () => {
    const figures = fieldFigures([{ truth: { order: ['A1'] }, said: { order: ['A1', 'A1'] } }]);
    expect(figures.all).toMatchObject({ precision: 1, recall: 1 });
  });
});
