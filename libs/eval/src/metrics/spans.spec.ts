import { expect, it } from 'vitest';
import { type LabelledSpan, spanFigures } from './spans.js';

const span = (field: string, start: number, end: number): LabelledSpan => ({ field, start, end });
const truth = [span('date', 10, 16), span('name', 20, 24)];

it.each<[string, readonly LabelledSpan[] | undefined, number, number]>([
  ['both', truth, 1, 1],
  ['a word more', [span('date', 7, 16), span('name', 20, 24)], 0.5, 1],
  ['another field', [span('time', 10, 16), span('name', 20, 24)], 0.5, 0.5],
  ['one span does not count for two', [span('date', 0, 30)], 0, 2 / 3],
  ['side by side is not the same place', [span('date', 16, 18)], 0, 0],
  ['no answer', undefined, 0, 0],
])('%s', (_, said, exact, overlapping) => {
  const figures = spanFigures([{ truth, said }]);
  expect(figures.exact.f1).toBeCloseTo(exact, 12);
  expect(figures.overlapping.f1).toBeCloseTo(overlapping, 12);
});
