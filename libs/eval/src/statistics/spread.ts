import type { Interval } from '@spillway/confidence/binomial';
import { tQuantile } from './student.js';

/** A figure over repeated runs on the same rows: what the models' own chance does, and nothing of the choice of the rows. */
export interface Spread {
  readonly runs: number;
  readonly mean: number;
  /** Of one run; undefined with fewer than two. */
  readonly deviation?: number;
  /** Of the mean of endless runs, by Student's t; undefined with fewer than two. */
  readonly interval?: Interval;
}

/** The spread of one figure over runs. The mean is NaN without any. */
export function spreadOf(figures: readonly number[], level = 0.95): Spread {
  const runs = figures.length;
  const mean = figures.reduce((sum, one) => sum + one, 0) / runs;
  if (runs < 2) return { runs, mean };
  const deviation = Math.sqrt(figures.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (runs - 1));
  const half = (tQuantile((1 + level) / 2, runs - 1) * deviation) / Math.sqrt(runs);
  return { runs, mean, deviation, interval: { lower: mean - half, upper: mean + half } };
}
