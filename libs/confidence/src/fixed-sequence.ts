import { binomialCdf } from './binomial.js';
import { acceptedAllowing, type Claim } from './planner.js';
import { acceptedAt, type Passed } from './thresholds.js';

/** From so many rows on the walk starts at half of them instead of a quarter. */
const MANY_ROWS = 400;

/** How many of so many rows the first threshold of a walk has to accept, as far as their number tells. */
export const firstAccepted = (rows: number): number => (rows < MANY_ROWS ? rows / 4 : rows / 2);

/**
 * The thresholds to test, in order: from `start`, a threshold chosen on older data, downwards; without one from the first
 * that accepts a quarter of the rows (half from 400 rows on), and enough for one error to be allowed, since a walk that one
 * error ends seldom gets anywhere. The start depends on the number of rows and on no outcome.
 */
export function testOrder(thresholds: readonly Passed[], claim: Claim, start?: number): Passed[] {
  if (start !== undefined) {
    return [acceptedAt(thresholds, start), ...thresholds.filter(({ threshold }) => threshold < start)];
  }
  const rows = thresholds.at(-1)?.accepted ?? 0;
  const least = Math.max(acceptedAllowing(1, claim), firstAccepted(rows));
  return thresholds.filter(({ accepted }) => accepted >= least);
}

/** Tests one threshold after the other by the exact binomial test, each at delta in full, up to the first that fails. */
export function fixedSequence(order: readonly Passed[], { target, delta }: Claim): Passed[] {
  let allowed = -1;
  const failed = order.findIndex(({ accepted, errors }) => {
    // The same errors among more answers pass again.
    if (errors <= allowed) return false;
    if (binomialCdf(errors, accepted, target) > delta) return true;
    allowed = errors;
    return false;
  });
  return failed === -1 ? [...order] : order.slice(0, failed);
}
