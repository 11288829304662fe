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

/** What both models answered to the same rows. */
type Answers = Pick<LineOptions, 'small' | 'big'>;

/** Points of the curve that a chart can show. */
const POINTS = 40;

/** What thresholds would have done on these very rows: it describes the confidences and promises nothing. */
export function hindsightOf(options: Answers): readonly HindsightPoint[] {
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

/**
 * Average performance gap recovered by the small model's confidence (RouteLLM): 0.5 for one that says nothing. Undefined
 * where both models are right equally often, so that there is no gap, or no answer has a confidence.
 */
export function averageGapOf({ small, big }: Answers): number | undefined {
  if (small.every(({ confidence }) => confidence === undefined)) return undefined;
  const gap = averageGapRecovered(
    routingCurve(
      small.map(({ confidence, right }, at) => ({
        // Without a confidence it is the first to be sent.
        score: confidence ?? -1,
        smallRight: right,
        bigRight: big[at]?.right ?? false,
      })),
    ),
  );
  return Number.isFinite(gap) ? gap : undefined;
}
