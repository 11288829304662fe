import { expect, it } from 'vitest';
import { type LabelledSpan, spanFigures } from './spans.js';

const span = (field: string, start: number, end: number): LabelledSpan => ({ field, start, end });
const truth = [span('date', 10, 16), span('name', 20, 24)];

it.each<[string, readonly LabelledSpan[] | undefined, number, number]>([
  ['both', truth, 1, 1],
  ['a word more', [span('date', 7, 16), span('name', 20, 24)], 0.5, 1],
  ['another field', [span('time', 10, 16), span('name', 20, 24)], 0.5, 0.5],
  ['one long span hits the one of its field', [span('date', 0, 30)], 0, 2 / 3],
  ['side by side is not the same place', [span('date', 16, 18)], 0, 0],
  ['no answer', undefined, 0, 0],
])('%s', (_, said, exact, overlapping) => {
  const figures = spanFigures([{ truth, said }]);
  expect(figures.exact.f1).toBeCloseTo(exact, 12);
  expect(figures.overlapping.f1).toBeCloseTo(overlapping, 12);
});

it('a span that reaches over two counts for one of them', () => {
  const { overlapping } = spanFigures([
    { truth: [span('date', 0, 5), span('date', 8, 12)], said: [span('date', 0, 12)] },
  ]);
  expect(overlapping).toMatchObject({ hits: 1, precision: 1, recall: 0.5 });
});
