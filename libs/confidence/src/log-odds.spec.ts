import { describe, expect, it } from 'vitest';
import { logit, sigmoid } from './log-odds.js';

describe('logit and sigmoid', () => {
  it.each([
    [0.5, 0],
    [0.9, Math.log(9)],
    [0.1, -Math.log(9)],
  ])('logit(%d) is %d and back', (p, x) => {
    expect(logit(p)).toBeCloseTo(x, 12);
    expect(sigmoid(x)).toBeCloseTo(p, 12);
  });

  it('stays finite at the ends', () => {
    expect(Number.isFinite(logit(0)) && Number.isFinite(logit(1))).toBe(true);
  });
});
