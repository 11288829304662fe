import { describe, expect, it } from 'vitest';
import { deltaOfLook, deltaOfTask } from './delta-plan.js';

describe('deltaOfLook', () => {
  it.each([
    [1, 0.030396],
    [2, 0.007599],
    [12, 0.000211],
  ])('gives look %d at 5 %% so much: %d', (look, wanted) => {
    expect(deltaOfLook(0.05, look)).toBeCloseTo(wanted, 6);
  });

  it('spends delta over all looks together, and never more', () => {
    let spent = 0;
    for (let look = 1; look <= 100_000; look += 1) spent += deltaOfLook(0.05, look);
    expect(spent).toBeLessThan(0.05);
    expect(spent).toBeCloseTo(0.05, 5);
  });
});

describe('deltaOfTask', () => {
  it('divides delta evenly', () => {
    expect(deltaOfTask(0.05, 4)).toBe(0.0125);
    expect(deltaOfTask(0.05, 1)).toBe(0.05);
  });
});

it.each([
  [0, 1],
  [1, 1],
  [0.05, 0],
  [0.05, 1.5],
  [0.05, Number.NaN],
])('a delta of %d in %d parts is rejected', (delta, parts) => {
  expect(() => deltaOfLook(delta, parts)).toThrow(expect.objectContaining({ code: 'rejected' }));
  expect(() => deltaOfTask(delta, parts)).toThrow(expect.objectContaining({ code: 'rejected' }));
});
