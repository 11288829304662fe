import { expect, it } from 'vitest';
import { exitMs } from '../../chaos/violations.js';

const farewell = { process: 'worker-1', role: 'worker', at: 1_000, exitedAt: 7_000, code: 0 } as const;

it.each([
  ['nothing was down', [], 6_000],
  [
    'a server was down before and after',
    [
      [0, 900],
      [7_100, 9_000],
    ],
    6_000,
  ],
  ['one was down in the middle', [[2_000, 5_000]], 3_000],
  ['one was down at the beginning', [[0, 4_000]], 3_000],
  ['one came back only after the exit', [[5_000, 9_000]], 4_000],
  [
    'two were down, one while the other was',
    [
      [2_000, 5_000],
      [3_000, 4_000],
    ],
    3_000,
  ],
  [
    'two were down, one after the other',
    [
      [4_000, 6_000],
      [2_000, 4_500],
    ],
    2_000,
  ],
] as const)('an exit takes its time without outages: %s', (_, outages, ms) => {
  expect(
    exitMs(
      farewell,
      outages.map(([from, to]) => ({ from, to })),
    ),
  ).toBe(ms);
});
