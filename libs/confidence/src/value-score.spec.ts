import { describe, expect, it } from 'vitest';
import { spoken } from './testing/spoken.js';
import { textScore } from './text-score.js';
import { leastOf, valueScore } from './value-score.js';

describe('valueScore', () => {
  it('is as sure as the least likely token of the value', () => {
    const aligned = spoken(
      '{"v":"a-77"}',
      ['{"v":"', 0.1],
      ['a', 0.9, { A: 0.05 }],
      ['-77', 0.6],
      ['"}', 0.1],
    );
    const { raw, features } = valueScore(aligned, { start: 6, end: 10 });
    expect(raw).toBeCloseTo(0.6, 9);
    expect(features).toEqual({
      low_tenth: expect.closeTo(Math.log(0.6)),
      mean: expect.closeTo(Math.log(0.54) / 2),
      sum: expect.closeTo(Math.log(0.54)),
      tokens: 2,
      first_gap: expect.closeTo(0.85),
    });
  });

  it('leaves the gap out where nothing else is listed', () => {
    expect(
      valueScore(spoken('"a"', ['"', 1], ['a', 0.9], ['"', 1]), { start: 1, end: 2 }).features,
    ).not.toHaveProperty('first_gap');
  });

  it('bears a token of minus infinity', () => {
    const { raw, features } = valueScore(spoken('"a"', ['"', 1], ['a', 0], ['"', 1]), { start: 1, end: 2 });
    expect([raw, features['sum']]).toEqual([0, -30]);
  });

  it('gives no confidence where the probabilities are none', () => {
    const { raw, features } = valueScore(spoken('"a"', ['"', 1], ['a', 0.9, { b: 0.9 }], ['"', 1]), {
      start: 1,
      end: 2,
    });
    expect([raw, features['past_one']]).toEqual([undefined, 1]);
  });
});

describe('leastOf', () => {
  it('takes the least of each, and adds up what is counted', () => {
    const scores = [
      { raw: 0.9, features: { mean: -1, tokens: 2, first_gap: 0.5 } },
      { raw: 0.7, features: { mean: -2, tokens: 3 } },
    ];
    expect(leastOf(scores)).toEqual({ raw: 0.7, features: { mean: -2, tokens: 5, first_gap: 0.5 } });
  });

  it('is as unsure as a value that nothing is known of', () => {
    expect(leastOf([{ raw: 0.9, features: {} }, { features: { past_one: 1 } }])).toEqual({
      features: { past_one: 1 },
    });
    expect(leastOf([])).toEqual({ features: {} });
  });
});

describe('textScore', () => {
  it('is the probability that a tenth of the tokens stay under', () => {
    const probabilities = Array.from({ length: 21 }, (_, index) => (index + 1) / 21);
    const aligned = spoken('x'.repeat(21), ...probabilities.map((each) => ['x', each] as const));
    const { raw, features } = textScore(aligned, { start: 0, end: 21 });
    expect(raw).toBeCloseTo(3 / 21, 9);
    expect(features).toMatchObject({
      least: expect.closeTo(Math.log(1 / 21)),
      low_tenth: expect.closeTo(Math.log(3 / 21)),
      low_quarter: expect.closeTo(Math.log(6 / 21)),
      median: expect.closeTo(Math.log(11 / 21)),
      log_tokens: Math.log(21),
    });
  });

  it('knows nothing of an empty text', () => {
    expect(textScore(spoken('""', ['""', 1]), { start: 1, end: 1 })).toEqual({ features: {} });
  });
});
