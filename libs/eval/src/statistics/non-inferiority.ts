import { normalQuantile } from '@spillway/confidence/normal';
import { lossVariance, notWorseChance } from '@spillway/confidence/paired';
import { Fault } from '@spillway/contracts/fault';
import { effectiveOutcome, lossBound, type PairedOutcome } from './paired-shares.js';

export interface NonInferiorityOptions {
  /** What may be lost, 0 to 1 (excluded), fixed before the rows were looked at. */
  readonly margin: number;
  /** Chance to say "no more was lost" wrongly, 0.05 when left out. */
  readonly alpha?: number;
  /** Chance to show it that a plan for more rows aims at, 0.8 when left out. */
  readonly power?: number;
}

export interface NonInferiority {
  /** `shown`: the loss is not above the margin. `worse`: it is above it. Each with confidence 1 - alpha. */
  readonly verdict: 'shown' | 'worse' | 'open';
  readonly margin: number;
  readonly confidence: number;
  /** With that confidence no more than this is lost; below 0: at least so much is gained. */
  readonly lossAtMost: number;
  /**
   * Rows that are missing if further ones are like these: with so many more it would be shown with the chance that the plan
   * aims at. 0 where it is shown, Infinity where rows like these do not show it in any number.
   */
  readonly moreRows: number;
}

/**
 * Tests one-sided whether the candidate is right no less often than the reference, but for the margin: Tango's score test,
 * and at margin 0 the exact sign test.
 *
 * @throws Fault `rejected` for a margin outside of 0 to 1 (1 excluded), or an alpha or power not between 0 and 1
 */
export function testNotWorse(outcome: PairedOutcome, options: NonInferiorityOptions): NonInferiority {
  const { margin, alpha, power } = checked(options);
  const counts = { ...effectiveOutcome(outcome), margin };
  const lossAtMost = outcome.rows === 0 ? 1 : lossBound(outcome, alpha);
  const shown = outcome.rows > 0 && notWorseChance(counts) <= alpha;
  // The same test seen from the other side, where the candidate's loss is the reference's gain.
  const worse = outcome.rows > 0 && worseChance(counts) <= alpha;
  return {
    verdict: shown ? 'shown' : worse ? 'worse' : 'open',
    margin,
    confidence: 1 - alpha,
    lossAtMost,
    moreRows: shown ? 0 : Math.max(1, rowsNeeded(outcome, { margin, alpha, power }) - outcome.rows),
  };
}

/** How likely so bad an outcome would be if no more than the margin were lost. */
function worseChance(counts: PairedOutcome & { readonly margin: number }): number {
  const { better, worse, rows, margin } = counts;
  if (margin === 0) return notWorseChance({ better: worse, worse: better, rows, margin });
  return 1 - notWorseChance(counts);
}

/** The sample size of the score test with the shares that were seen; the usual normal approximation. */
function rowsNeeded(
  outcome: PairedOutcome,
  { margin, alpha, power }: Required<NonInferiorityOptions>,
): number {
  const { better, worse, designEffect } = outcome;
  // Without rows nothing differs as far as is known.
  const rows = Math.max(1, outcome.rows);
  const distance = margin - (worse - better) / rows;
  if (!(distance > 0)) return Number.POSITIVE_INFINITY;
  const atMargin = Math.sqrt(lossVariance({ better, worse, rows, margin }));
  const asSeen = Math.sqrt(Math.max(0, (better + worse) / rows - ((better - worse) / rows) ** 2));
  const reach = normalQuantile(1 - alpha) * atMargin + normalQuantile(power) * asSeen;
  return Math.ceil(designEffect * (reach / distance) ** 2);
}

function checked(options: NonInferiorityOptions): Required<NonInferiorityOptions> {
  const { margin, alpha = 0.05, power = 0.8 } = options;
  if (margin >= 0 && margin < 1 && alpha > 0 && alpha < 1 && power > 0 && power < 1) {
    return { margin, alpha, power };
  }
  throw new Fault(
    'rejected',
    `a margin of ${margin}, an alpha of ${alpha} and a power of ${power} make no test`,
  );
}
