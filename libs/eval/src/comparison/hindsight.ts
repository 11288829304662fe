import { averageGapRecovered, routingCurve } from '@spillway/confidence/routing-curve';
import type { GradedAnswer } from './graded.js';
import { type LineOptions, lineCosts } from './lines.js';

/** A threshold with what the cascade would have been right on these rows, drawn with the labels in view. */
export interface HindsightPoint {
  readonly threshold: number;
  readonly sent: number;
  readonly accuracy: number;
  readonly nanosPerThousand: bigint | undefined;
  readonly referencePerThousand: bigint | undefined;
}

/** What a customer's message gets: the small answer where it is kept, else the big one. */
export const cascadeOf = (
  small: readonly GradedAnswer[],
  big: readonly GradedAnswer[],
  sent: readonly number[],
): readonly GradedAnswer[] =>
  small.map((answer, at) => (sent[at] === 0 ? answer : (big[at] as GradedAnswer)));

/** Points of the curve that a chart can show. */
const POINTS = 40;

/** What thresholds would have done on these very rows: it describes the confidences and promises nothing. */
export function hindsightOf(options: LineOptions): readonly HindsightPoint[] {
  const { small, big } = options;
  const scores = small.map(({ confidence }) => confidence ?? Number.NEGATIVE_INFINITY);
  const rising = [...new Set(scores)].filter(Number.isFinite).sort((one, other) => one - other);
  const step = Math.max(1, Math.floor(rising.length / POINTS));
  const thresholds = [...rising.filter((_, at) => at % step === 0), Number.POSITIVE_INFINITY];
  return thresholds.map((threshold) => {
    const sent = scores.map((score) => Number(score < threshold));
    const right = cascadeOf(small, big, sent).filter((answer) => answer.right).length;
    // F1 and intervals are not of interest here, and cost most of the time.
    const { nanosPerThousand, referencePerThousand } = lineCosts({ asksSmall: true, sent }, options);
    return {
      threshold,
      sent: sent.reduce((sum, one) => sum + one, 0) / sent.length,
      accuracy: right / small.length,
      nanosPerThousand,
      referencePerThousand,
    };
  });
}

/** What lies between the small model alone and the big one. */
export interface Gap {
  readonly floor: number;
  readonly ceiling: number;
  /** Share of it that thresholds on the confidence recover, averaged over all shares that are sent: `averageGapRecovered`. */
  readonly averageRecovered: number;
}

/** Undefined where there is none to recover. An answer without a confidence is sent first. */
export function gapOf({ small, big }: Pick<LineOptions, 'small' | 'big'>): Gap | undefined {
  const curve = routingCurve(
    small.map(({ confidence, failure, right }, at) => ({
      score: failure === undefined ? (confidence ?? NO_SCORE) : NO_SCORE,
      smallRight: right,
      bigRight: big[at]?.right ?? false,
    })),
  );
  const { floor, ceiling } = curve;
  return ceiling > floor ? { floor, ceiling, averageRecovered: averageGapRecovered(curve) } : undefined;
}

/** Under every confidence. */
const NO_SCORE = -1;
