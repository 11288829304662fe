type VerdictName = 'accept' | 'escalate' | 'hold' | 'wait';

/** What becomes of one answer, and why. */
export interface Judgement {
  readonly verdict: VerdictName;
  /** Sentences that a support lead can read, most important first. */
  readonly reasons: readonly string[];
  /** What the confidence was compared with; absent when nothing was compared. */
  readonly threshold?: number;
  /** For `wait`: when the big model is asked, milliseconds since the epoch. */
  readonly untilMs?: number;
  /** The small model was not sure: it counts against the escalation limit, whatever the verdict. */
  readonly doubtful?: true;
}

/** A probability as it stands in a reason. */
export const shown = (probability: number): string => probability.toFixed(2);
