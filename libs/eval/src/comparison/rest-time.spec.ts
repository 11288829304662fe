import { expect, it } from 'vitest';
import { restTime } from './rest-time.js';

it.each([
  ['nothing is known before the first answer', { done: 0, fresh: 0, total: 10, elapsedMs: 5_000 }, ''],
  ['half of the rows took ten seconds', { done: 5, fresh: 5, total: 10, elapsedMs: 10_000 }, '10 s left'],
  [
    'answers from a file say nothing of the pace',
    { done: 90, fresh: 1, total: 100, elapsedMs: 2_000 },
    '20 s left',
  ],
  [
    'long times are in minutes, rounded up',
    { done: 1, fresh: 1, total: 100, elapsedMs: 1_000 },
    '2 min left',
  ],
  ['it is done', { done: 10, fresh: 10, total: 10, elapsedMs: 1_000 }, ''],
])('%s', (_, progress, text) => expect(restTime(progress)).toBe(text));
