import { Fault } from '@spillway/contracts/fault';
import { binomialCdf } from './binomial.js';

/** What is to be shown: that at most a share `target` is wrong, by a procedure that errs with chance `delta` at most. */
export interface Claim {
  readonly target: number;
  readonly delta: number;
}

export interface Outlook extends Claim {
  /** Share of accepted answers that is wrong in truth, as far as one knows. */
  readonly risk: number;
  /** Share of all answers that is accepted. */
  readonly coverage: number;
  /** Chance to pass that the plan aims at, 0.8 when left out. */
  readonly power?: number;
}

/** A plan that needs more accepted answers is none. */
const MOST_ACCEPTED = 1_000_000;

/** Rounding makes the dips of the chance uneven for a few steps where they cross the power. */
const UNEVEN = 8;

/**
 * A plan for fewer accepted answers than this has to hold for some more of them only, since nobody accepts an exact number.
 * To wait out every later dip could cost a quarter more labels, for tenths of a percent of chance.
 */
const SMALL_PLAN = 2500;
const SOME_MORE = 25;

/**
 * The smallest number of accepted answers of which `errors` may be wrong for the claim to pass the exact binomial test:
 * at 5 % and 5 % 59 without an error, 93 with one.
 *
 * @throws Fault `rejected` unless target and delta lie between 0 and 1
 */
export function acceptedAllowing(errors: number, claim: Claim): number {
  checkClaim(claim);
  return fewestAllowing(errors, claim);
}

/**
 * How many accepted answers give the claim a chance of at least `power` to pass when a share `risk` of them is wrong in
 * truth. The chance saws: it falls with each further answer until one more error is allowed. It is at least `power` for the
 * number given and 25 more, and for any more from 2,500 on. Infinity when the risk is not under the target, or so near to
 * it that more than a million would be needed.
 *
 * @throws Fault `rejected` unless target, delta and power lie between 0 and 1
 */
export function acceptedNeeded(claim: Claim, risk: number, power = 0.8): number {
  checkClaim(claim);
  if (!(power > 0 && power < 1)) throw new Fault('rejected', `a power of ${power} is not between 0 and 1`);
  if (!(risk < claim.target)) return Number.POSITIVE_INFINITY;
  const likely = (errors: number, accepted: number) => binomialCdf(errors, accepted, risk) >= power;
  const farthest = Math.floor(MOST_ACCEPTED * claim.target);
  const holdsFrom = (errors: number) =>
    errors >= farthest || likely(errors, fewestAllowing(errors + 1, claim) - 1);
  const holdsForSome = (errors: number) => {
    const last = fewestAllowing(errors, claim) + SOME_MORE;
    for (let allowed = errors; ; allowed += 1) {
      const dip = fewestAllowing(allowed + 1, claim) - 1;
      if (!likely(allowed, Math.min(dip, last))) return false;
      if (dip >= last) return true;
    }
  };
  let errors = pastUnevenness(firstFrom(0, holdsFrom), holdsFrom);
  if (errors >= farthest) return Number.POSITIVE_INFINITY;
  while (errors > 0 && fewestAllowing(errors - 1, claim) < SMALL_PLAN && holdsForSome(errors - 1))
    errors -= 1;
  return fewestAllowing(errors, claim);
}

function pastUnevenness(first: number, holds: (errors: number) => boolean): number {
  let errors = first;
  for (let ahead = 1; ahead <= UNEVEN; ahead += 1) {
    if (holds(errors + ahead)) continue;
    errors += ahead + 1;
    ahead = 0;
  }
  return errors;
}

/**
 * How many labelled answers, taken at random from the traffic, a certification needs: {@link acceptedNeeded} of them have
 * to be accepted.
 *
 * @throws Fault `rejected` unless target, delta and power lie between 0 and 1, and coverage is above 0 and at most 1
 */
export function labelsNeeded({ target, delta, risk, coverage, power }: Outlook): number {
  if (!(coverage > 0 && coverage <= 1)) {
    throw new Fault('rejected', `a coverage of ${coverage} is not above 0 and at most 1`);
  }
  return Math.ceil(acceptedNeeded({ target, delta }, risk, power) / coverage);
}

/** @throws Fault `rejected` unless both lie between 0 and 1 */
export function checkClaim({ target, delta }: Claim): void {
  if (target > 0 && target < 1 && delta > 0 && delta < 1) return;
  throw new Fault('rejected', `target and delta lie between 0 and 1, which ${target} and ${delta} do not`);
}

function fewestAllowing(errors: number, { target, delta }: Claim): number {
  return firstFrom(errors + 1, (accepted) => binomialCdf(errors, accepted, target) <= delta);
}

/** The first whole number from `least` on at which a condition holds that, once it holds, goes on to hold. */
function firstFrom(least: number, holds: (candidate: number) => boolean): number {
  let outside = least - 1;
  let inside = least;
  while (!holds(inside)) {
    const width = inside - outside;
    outside = inside;
    inside += 2 * width;
  }
  while (inside - outside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (holds(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}
