import type { FineTuning } from './audit-log/projection.js';
import type { Cascade } from './cascade.js';
import type { NonInferiority } from './statistics/non-inferiority.js';

/** A cascade as it may be recommended. */
export interface CascadeFigures extends Pick<Cascade, 'threshold' | 'sent' | 'test' | 'tested'> {
  /** `policy`: the threshold in force, chosen before these rows. `these rows`: these rows, by a test that allows for the choice. */
  readonly chosenOn: 'policy' | 'these rows';
  /** Nano-dollars for 1,000 messages; undefined: unknown. */
  readonly nanosPerThousand: bigint | undefined;
}

/** Everything that a step's verdict follows from. Shares are 0 to 1, money nano-dollars for 1,000 messages. */
export interface VerdictFacts {
  readonly rows: number;
  /** Share that the small model alone has right. */
  readonly smallRight: number;
  /** What it must have right at least; absent: anything. */
  readonly floor?: number;
  /** The small model alone against the big one. */
  readonly small: NonInferiority;
  readonly cascades: readonly CascadeFigures[];
  /** Tests that could have ended in a claim of this step: each errs with a chance of its own. */
  readonly tests: number;
  readonly smallNanosPerThousand: bigint | undefined;
  readonly bigNanosPerThousand: bigint | undefined;
  /** From how many messages on a fine-tuned small model has earned its training; absent: nobody asked. */
  readonly fineTuning?: FineTuning;
}

export type Recommendation =
  | { readonly keep: 'small'; readonly test: NonInferiority }
  | { readonly keep: 'cascade'; readonly cascade: CascadeFigures }
  | { readonly keep: 'big'; readonly why: 'worse' | 'not shown' | 'dearer' | 'under the floor' }
  | { readonly keep: 'undecided'; readonly moreRows: number };

export interface StepVerdict {
  readonly facts: VerdictFacts;
  /** The small model alone has less right than it must. */
  readonly underFloor: boolean;
  readonly recommendation: Recommendation;
  /** Messages from which on fine-tuning pays; absent where it is not worth it, or not known to be. */
  readonly worthFineTuningFrom?: bigint;
}

/**
 * What the figures of a step say should be done. The small model alone where it is shown to lose no more than the margin and
 * meets its floor; else the cheapest of the cascades that are shown to, or where prices are unknown or alike the one that sends
 * least, whatever else a dearer one has right; else, while more rows of the same kind could still show it, nothing yet; else
 * the big model alone. A way that costs more than the big model is never recommended.
 *
 * Each test errs by itself with the chance that it was made with; `claimsText` says what that is for all of them. Fine-tuning is
 * worth it only where the big model is still needed.
 */
export function verdictOf(facts: VerdictFacts): StepVerdict {
  const { rows, smallRight, floor = 0, fineTuning } = facts;
  const underFloor = rows > 0 && smallRight < floor;
  const recommendation = recommend(facts, underFloor);
  const worth = recommendation.keep !== 'small' && fineTuning?.pays === 'after';
  return {
    facts,
    underFloor,
    recommendation,
    ...(worth && { worthFineTuningFrom: fineTuning.calls }),
  };
}

/** The margin says what may be lost; of all that lose no more, money decides. */
function byCost(one: CascadeFigures, other: CascadeFigures): number {
  const [nanos, others] = [one.nanosPerThousand, other.nanosPerThousand];
  if (nanos === undefined || others === undefined || nanos === others) return one.sent - other.sent;
  return nanos < others ? -1 : 1;
}

function recommend(facts: VerdictFacts, underFloor: boolean): Recommendation {
  const { small, cascades, smallNanosPerThousand, bigNanosPerThousand } = facts;
  const pays = (nanos: bigint | undefined): boolean =>
    nanos === undefined || bigNanosPerThousand === undefined || nanos <= bigNanosPerThousand;
  if (small.verdict === 'shown' && !underFloor) {
    return pays(smallNanosPerThousand) ? { keep: 'small', test: small } : { keep: 'big', why: 'dearer' };
  }
  const shown = cascades.filter(({ test, sent }) => test.verdict === 'shown' && sent < 1).sort(byCost);
  const [cascade] = shown.filter(({ nanosPerThousand }) => pays(nanosPerThousand));
  if (cascade !== undefined) return { keep: 'cascade', cascade };
  if (shown.length > 0) return { keep: 'big', why: 'dearer' };
  const open = [...(underFloor ? [] : [small]), ...cascades.map(({ test }) => test)].filter(
    ({ verdict, moreRows }) => verdict === 'open' && Number.isFinite(moreRows),
  );
  if (open.length > 0) {
    return { keep: 'undecided', moreRows: Math.min(...open.map(({ moreRows }) => moreRows)) };
  }
  if (small.verdict === 'worse') return { keep: 'big', why: 'worse' };
  return { keep: 'big', why: underFloor ? 'under the floor' : 'not shown' };
}
