import { expect, it } from 'vitest';
import { expectedSettings, expectedTraffic, type SeenAnswer } from './expected-traffic.js';

const at = (score: number | null, said?: string): SeenAnswer => ({ score, said });
const counts = (filled: Readonly<Record<number, number>>) =>
  Array.from({ length: 20 }, (_, bin) => filled[bin] ?? 0);

it.each<[string, readonly SeenAnswer[], object | undefined]>([
  ['no answers', [], undefined],
  [
    'answers on both sides of the threshold, which itself is kept',
    [at(0.4), at(0.69), at(0.7), at(1)],
    { rows: 4, belowThreshold: 2, scores: counts({ 8: 1, 13: 1, 14: 1, 19: 1 }) },
  ],
  [
    'an answer without a confidence, which is never kept',
    [at(null), {}, at(0.9)],
    { rows: 3, belowThreshold: 2, scores: counts({ 18: 1 }) },
  ],
  [
    'labels',
    [at(0.9, 'refund'), at(0.9, 'out_of_scope'), at(null, 'out_of_scope')],
    { rows: 3, belowThreshold: 1, outOfScope: 2, scores: counts({ 18: 2 }) },
  ],
])('of %s', (_, answers, want) => expect(expectedTraffic(answers, 0.7)).toEqual(want));

it('is written with its counts in one line', () => {
  const settings = expectedSettings({ rows: 3, belowThreshold: 1, outOfScope: 2, scores: [0, 1, 2] });
  expect(settings).toEqual({ rows: 3, below_threshold: 1, out_of_scope: 2, scores: '0 1 2' });
});
