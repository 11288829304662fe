import { seededRandom } from '@spillway/confidence/random';
import { describe, expect, it } from 'vitest';
import { type JudgedPair, type PairwiseFigures, pairwiseFigures } from './pairwise.js';

const win: JudgedPair = { candidateFirst: 'first', candidateSecond: 'second' };
const loss: JudgedPair = { candidateFirst: 'second', candidateSecond: 'first' };
const even: JudgedPair = { candidateFirst: 'tie', candidateSecond: 'tie' };
const alwaysFirst: JudgedPair = { candidateFirst: 'first', candidateSecond: 'first' };
const alwaysSecond: JudgedPair = { candidateFirst: 'second', candidateSecond: 'second' };
const halfWin: JudgedPair = { candidateFirst: 'first', candidateSecond: 'tie' };
const silent: JudgedPair = { candidateFirst: 'first', candidateSecond: undefined };

const times = (count: number, pair: JudgedPair) => Array.from({ length: count }, () => pair);
const figures = (pairs: readonly JudgedPair[]): PairwiseFigures =>
  pairwiseFigures(pairs, { random: seededRandom(1), rounds: 500 });

describe('pairwiseFigures', () => {
  it.each<[string, readonly JudgedPair[], Partial<PairwiseFigures>]>([
    ['a win needs both orders', [win, alwaysFirst, halfWin], { wins: 1, ties: 2, losses: 0 }],
    ['a loss too', [loss, alwaysSecond], { wins: 0, ties: 1, losses: 1 }],
    ['a tie counts half', [win, even, even, loss], { winRate: 0.5, consistency: 1 }],
    [
      'who changes with the order is not consistent',
      [win, alwaysFirst, alwaysSecond, halfWin],
      { consistency: 0.25 },
    ],
    [
      'an answer that is missing leaves the pair out',
      [win, silent],
      { pairs: 2, unjudged: 1, wins: 1, winRate: 1 },
    ],
  ])('%s', (_, pairs, wanted) => expect(figures(pairs)).toMatchObject(wanted));

  it('a preference for a place is told from chance by the pairs that change with the order', () => {
    const biased = figures([...times(12, alwaysFirst), ...times(2, alwaysSecond), ...times(20, win)]);
    expect(biased.positionBias).toMatchObject({ first: 12, second: 2 });
    expect(biased.positionBias.chance).toBeCloseTo((2 * (1 + 14 + 91)) / 2 ** 14, 12);
    expect(figures(times(5, win)).positionBias).toEqual({ first: 0, second: 0, chance: 1 });
  });

  it('a judge is held against people where they were asked', () => {
    const person = (human: 'candidate' | 'reference', count: number, pair: JudgedPair) =>
      times(count, { ...pair, human });
    const { human } = figures([
      ...person('candidate', 20, win),
      ...person('reference', 5, win),
      ...person('candidate', 10, loss),
      ...person('reference', 15, loss),
      win,
      { ...silent, human: 'candidate' },
    ]);
    expect(human).toMatchObject({ pairs: 50, agreement: 0.7 });
    expect(human?.kappa).toBeCloseTo(0.4, 12);
    expect(human?.interval.lower).toBeLessThan(0.3);
    expect(human?.interval.upper).toBeGreaterThan(0.5);
    expect(figures([win]).human).toBeUndefined();
  });

  it('the interval of the win rate narrows with the pairs and widens where they belong together', () => {
    const pairs = [...times(60, win), ...times(40, loss)];
    const width = ({ interval }: PairwiseFigures) => interval.upper - interval.lower;
    const clusters = pairs.map((_, at) => `conversation ${Math.floor(at / 10)}`);
    const together = pairwiseFigures(pairs, { random: seededRandom(1), rounds: 500, clusters });
    expect(figures(pairs).winRate).toBe(0.6);
    expect(width(figures(pairs))).toBeCloseTo(0.19, 1);
    expect(width(together)).toBeGreaterThan(1.5 * width(figures(pairs)));
  });
});
