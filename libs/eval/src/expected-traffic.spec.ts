import { expect, it } from 'vitest';
import { expectedSettings, expectedTraffic, type SeenAnswer, signsOf } from './expected-traffic.js';

const at = (score: number | null, said?: string): SeenAnswer => ({ score, said });
const sign = (features: Readonly<Record<string, number>>): SeenAnswer => ({
  score: 0.9,
  ...signsOf(features),
});
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
  [
    'answers that tell of their labels',
    [sign({ label_mass: 0.5 }), sign({ label_mass: 1 }), sign({ label_mass: 0.95 })],
    { rows: 3, belowThreshold: 0, outsideLabels: 1, scores: counts({ 18: 3 }) },
  ],
  [
    'answers of which one was mended',
    [sign({ off_schema: 1 }), sign({ off_schema: 0 })],
    { rows: 2, belowThreshold: 0, offSchema: 1, scores: counts({ 18: 2 }) },
  ],
  [
    'answers of which nine in ten tell: the share of these stands for all',
    [...Array.from({ length: 9 }, () => sign({ label_mass: 0.5 })), at(0.9)],
    { rows: 10, belowThreshold: 0, outsideLabels: 10, scores: counts({ 18: 10 }) },
  ],
  [
    'answers of which fewer tell',
    [sign({ label_mass: 0.5 }), at(0.9)],
    { rows: 2, belowThreshold: 0, scores: counts({ 18: 2 }) },
  ],
])('of %s', (_, answers, want) => expect(expectedTraffic(answers, 0.7)).toEqual(want));

it('is written with its counts in one line', () => {
  const settings = expectedSettings({ rows: 3, belowThreshold: 1, outOfScope: 2, scores: [0, 1, 2] });
  expect(settings).toEqual({ rows: 3, below_threshold: 1, out_of_scope: 2, scores: '0 1 2' });
  expect(
    expectedSettings({ rows: 3, belowThreshold: 1, outsideLabels: 2, offSchema: 0, scores: [3] }),
  ).toEqual({ rows: 3, below_threshold: 1, outside_labels: 2, off_schema: 0, scores: '3' });
});
