import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreementOf, samplesToDraw } from './agreement.js';

describe('samplesToDraw', () => {
  it.each<[string, readonly (string | undefined)[], number, number]>([
    ['a majority at first', [], 5, 3],
    ['none more once all agree', ['a', 'a', 'a'], 5, 0],
    ['one more after two to one', ['a', 'a', 'b'], 5, 1],
    ['none after three to one', ['a', 'a', 'b', 'a'], 5, 0],
    ['the last where it can still turn', ['a', 'a', 'b', 'b'], 5, 1],
    ['the rest where nobody agrees', ['a', 'b', 'c'], 5, 2],
    ['none beyond all', ['a', 'a', 'b', 'b', 'c'], 5, 0],
    ['both of two', [], 2, 2],
    ['another for one that gave no answer', [undefined, 'a', 'a'], 5, 1],
  ])('draws %s', (_, votes, samples, want) => {
    expect(samplesToDraw(votes, samples)).toBe(want);
  });

  it('ends, never in vain, with the answer that all samples would have given', () => {
    const votes = fc.array(fc.constantFrom('a', 'b', 'c', undefined), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(votes, (all) => {
        let drawn = 0;
        for (;;) {
          const more = samplesToDraw(all.slice(0, drawn), all.length);
          if (more === 0) break;
          // One sample fewer never settles it, whoever they are for.
          const leader = agreementOf(all.slice(0, drawn)).answer ?? 'a';
          const fewer = [...all.slice(0, drawn), ...new Array<string>(more - 1).fill(leader)];
          expect(samplesToDraw(fewer, all.length)).toBeGreaterThan(0);
          drawn += more;
        }
        expect(drawn).toBeLessThanOrEqual(all.length);
        expect(agreementOf(all.slice(0, drawn)).answer).toBe(agreementOf(all).answer);
      }),
    );
  });
});

describe('agreementOf', () => {
  it('is the share of the samples that gave the answer', () => {
    expect(agreementOf(['a', 'b', 'a', undefined])).toEqual({
      answer: 'a',
      raw: 0.5,
      features: { vote_share: 0.5, votes: 2, samples: 4, distinct: 2 },
    });
  });

  it('takes the one that was given first where two are level', () => {
    expect(agreementOf(['b', 'a', 'a', 'b']).answer).toBe('b');
  });

  it('knows nothing where none gave an answer', () => {
    expect(agreementOf([undefined, undefined])).toEqual({ features: {} });
  });
});
