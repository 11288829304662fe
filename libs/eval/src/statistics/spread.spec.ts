import { expect, it } from 'vitest';
import { spreadOf } from './spread.js';

it.each<[string, readonly number[], number | undefined, number | undefined]>([
  ['one run has no spread', [0.8], undefined, undefined],
  ['runs that agree', [0.8, 0.8, 0.8], 0, 0],
  // Half the width: t(0.975; 4) = 2.776 times the deviation over √5.
  ['five runs', [0.8, 0.82, 0.84, 0.86, 0.88], 0.0316228, 0.0392649],
  ['two runs know little', [0.8, 0.9], 0.0707107, 0.6353102],
])('%s', (_, figures, deviation, half) => {
  const found = spreadOf(figures);
  expect(found.runs).toBe(figures.length);
  if (deviation === undefined || half === undefined) {
    expect(found).toEqual({ runs: 1, mean: 0.8 });
    return;
  }
  expect(found.deviation).toBeCloseTo(deviation, 6);
  expect((found.interval?.upper ?? 0) - found.mean).toBeCloseTo(half, 6);
  expect(found.mean - (found.interval?.lower ?? 0)).toBeCloseTo(half, 6);
});
