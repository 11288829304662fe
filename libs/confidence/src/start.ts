import { binomialCdf } from './binomial.js';
import type { ScoredRow } from './certify.js';
import { type Claim, checkClaim } from './planner.js';
import { thresholdsOf } from './thresholds.js';

/**
 * Where a walk over fresh rows had best start, from older rows of the same step, which may have been used for anything: the
 * threshold at which those speak most clearly for the claim, so that the first test rarely fails. From there the walk goes
 * on to where the fresh rows lead it. Undefined where at no threshold fewer are wrong than the target.
 *
 * A start by the number of rows alone has to guess how much can be kept, and certifies nothing where that is less.
 *
 * @throws Fault `rejected` for scores that are not finite, and for a target or delta not between 0 and 1
 */
export function startFrom(older: readonly ScoredRow[], claim: Claim): number | undefined {
  checkClaim(claim);
  let start: number | undefined;
  let least = 1;
  for (const { threshold, accepted, errors } of thresholdsOf(older)) {
    if (errors >= claim.target * accepted) continue;
    const chance = binomialCdf(errors, accepted, claim.target);
    if (chance > least) continue;
    least = chance;
    start = threshold;
  }
  return start;
}
