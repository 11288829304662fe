import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialCdf } from './binomial.js';
import { acceptedAllowing, acceptedNeeded, labelsNeeded } from './planner.js';

const usual = { target: 0.05, delta: 0.05 };
const claims = fc.record({
  target: fc.double({ min: 0.01, max: 0.3, noNaN: true }),
  delta: fc.double({ min: 0.01, max: 0.2, noNaN: true }),
});

describe('acceptedAllowing', () => {
  it.each([
    [0, 59],
    [1, 93],
    [2, 124],
    [3, 153],
    [4, 181],
    [5, 208],
    [7, 260],
    [9, 311],
  ])('%d errors at 5 %% and 5 %% from %d answers on', (errors, wanted) => {
    expect(acceptedAllowing(errors, usual)).toBe(wanted);
  });

  it('allows the errors there and not one answer earlier', () => {
    fc.assert(
      fc.property(fc.nat(60), claims, (errors, claim) => {
        const accepted = acceptedAllowing(errors, claim);
        expect(binomialCdf(errors, accepted, claim.target)).toBeLessThanOrEqual(claim.delta);
        expect(binomialCdf(errors, accepted - 1, claim.target)).toBeGreaterThan(claim.delta);
      }),
    );
  });
});

describe('acceptedNeeded', () => {
  // Reference simulation; the marked ones were found on a grid of 25 there (3176, 3501, 6451).
  it.each([
    [0.05, [59, 124, 286, 434, 694, 1260]],
    [0.03, [99, 208, 436, 686, 1121, 2066]],
    [0.02, [149, 313, 655, 1030, 1625, 3214 /* grid */]],
    [0.01, [299, 628, 1312, 1941, 3487 /* grid */, 6434 /* grid */]],
  ])('at a target of %d with 0 to 0.7 of it wrong', (target, wanted) => {
    const shares = [0, 0.2, 0.4, 0.5, 0.6, 0.7];
    expect(shares.map((share) => acceptedNeeded({ target, delta: 0.05 }, target * share))).toEqual(wanted);
  });

  it('keeps the chance for 25 more answers, and from 2,500 on for all', () => {
    fc.assert(
      fc.property(claims, fc.double({ min: 0, max: 0.8, noNaN: true }), (claim, share) => {
        const needed = acceptedNeeded(claim, share * claim.target);
        const until = needed < 2500 ? needed + 25 : 1.5 * needed;
        for (let accepted = needed, errors = 0; accepted <= until; accepted += 1) {
          while (binomialCdf(errors, accepted, claim.target) <= claim.delta) errors += 1;
          const chance = binomialCdf(errors - 1, accepted, share * claim.target);
          expect(chance, `of ${accepted}`).toBeGreaterThanOrEqual(0.8);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('waits out a last dip that rounding leaves behind the first number that would do', () => {
    // At 2,943 the chance holds up to the next dip, and not at the one after it.
    expect(acceptedNeeded({ target: 0.2, delta: 0.01 }, 0.2 * 0.884)).toBe(2954);
  });

  it('has no answer for a risk at the target, or next to it', () => {
    expect(acceptedNeeded(usual, 0.05)).toBe(Number.POSITIVE_INFINITY);
    expect(acceptedNeeded(usual, 0.2)).toBe(Number.POSITIVE_INFINITY);
    expect(acceptedNeeded(usual, 0.0499)).toBe(Number.POSITIVE_INFINITY);
  });

  it('asks for more where more chance is wanted', () => {
    expect(acceptedNeeded(usual, 0.02, 0.95)).toBeGreaterThan(acceptedNeeded(usual, 0.02, 0.8));
  });
});

describe('labelsNeeded', () => {
  it('counts the answers that are not accepted too', () => {
    expect(labelsNeeded({ ...usual, risk: 0.02, coverage: 0.4 })).toBe(715);
    expect(labelsNeeded({ ...usual, risk: 0.02, coverage: 1 })).toBe(286);
  });

  it.each([
    ['coverage 0', { ...usual, risk: 0.02, coverage: 0 }],
    ['coverage over 1', { ...usual, risk: 0.02, coverage: 1.01 }],
    ['target 0', { target: 0, delta: 0.05, risk: 0, coverage: 1 }],
    ['delta 1', { target: 0.05, delta: 1, risk: 0, coverage: 1 }],
    ['power 1', { ...usual, risk: 0.02, coverage: 1, power: 1 }],
  ])('rejects %s', (_, question) => {
    expect(() => labelsNeeded(question)).toThrow(expect.objectContaining({ code: 'rejected' }));
  });
});
