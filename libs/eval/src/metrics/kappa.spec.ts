import { expect, it } from 'vitest';
import { kappaOf } from './kappa.js';

const all = (rows: number) => Int32Array.from({ length: rows }, (_, at) => at);
const times = (pairs: readonly (readonly [number, string, string])[]) =>
  pairs.flatMap(([count, one, other]) => Array.from({ length: count }, () => [one, other] as const));

it.each<[string, readonly (readonly [string, string])[], readonly string[], 'none' | 'quadratic', number]>([
  [
    'an example from an encyclopaedia: 0.4',
    times([
      [20, 'yes', 'yes'],
      [5, 'yes', 'no'],
      [10, 'no', 'yes'],
      [15, 'no', 'no'],
    ]),
    ['yes', 'no'],
    'none',
    0.4,
  ],
  [
    'always the same',
    times([
      [3, 'a', 'a'],
      [4, 'b', 'b'],
    ]),
    ['a', 'b'],
    'none',
    1,
  ],
  [
    'always the other one',
    times([
      [5, 'a', 'b'],
      [5, 'b', 'a'],
    ]),
    ['a', 'b'],
    'none',
    -1,
  ],
  [
    'no better than chance',
    times([
      [5, 'a', 'a'],
      [5, 'a', 'b'],
      [5, 'b', 'a'],
      [5, 'b', 'b'],
    ]),
    ['a', 'b'],
    'none',
    0,
  ],
  [
    'a far miss counts four times a near one',
    [
      ['n', 'n'],
      ['n', 'o'],
      ['n', 'p'],
      ['o', 'o'],
      ['p', 'p'],
      ['p', 'p'],
    ],
    ['n', 'o', 'p'],
    'quadratic',
    1 - 5 / (58 / 6),
  ],
])('%s', (_, pairs, classes, weight, wanted) => {
  const kappa = kappaOf(
    pairs.map(([one]) => one),
    pairs.map(([, other]) => other),
    classes,
    weight,
  );
  expect(kappa(all(pairs.length))).toBeCloseTo(wanted, 12);
});

it('no answer is as wrong as can be', () => {
  const truth = ['n', 'o', 'p', 'p'];
  const with_ = (said: readonly (string | undefined)[]) =>
    kappaOf(truth, said, ['n', 'o', 'p'], 'quadratic')(all(4));
  expect(with_(['n', undefined, 'p', 'p'])).toBeLessThan(with_(['n', 'p', 'p', 'p']));
  expect(with_(['n', 'o', 'p', 'p'])).toBe(1);
});
