/** What one threshold would have accepted, seen in hindsight. */
export interface CoveragePoint {
  /** The lowest score that is accepted. */
  readonly threshold: number;
  readonly accepted: number;
  readonly errors: number;
  /** Accepted share of all rows. */
  readonly coverage: number;
  /** Share of the accepted rows that are wrong. */
  readonly risk: number;
}

/** The risk-coverage curve: one point for every distinct score, falling. Rows of one score are accepted together. */
export function riskCoverage(scores: ArrayLike<number>, right: ArrayLike<boolean>): readonly CoveragePoint[] {
  const order = Array.from(scores, (_, at) => at).sort(
    (a, b) => (scores[b] as number) - (scores[a] as number),
  );
  const points: CoveragePoint[] = [];
  let errors = 0;
  for (const [rank, at] of order.entries()) {
    errors += right[at] ? 0 : 1;
    const next = order[rank + 1];
    if (next !== undefined && scores[next] === scores[at]) continue;
    const accepted = rank + 1;
    points.push({
      threshold: scores[at] as number,
      accepted,
      errors,
      coverage: accepted / order.length,
      risk: errors / accepted,
    });
  }
  return points;
}

/** How well scores rank right before wrong, in one number each; lower is better. */
export interface RankingRisk {
  /** Mean risk over all coverages (Geifman, Uziel and El-Yaniv 2019). */
  readonly aurc: number;
  /** What of it is above that of a perfect ranking of the same rows. */
  readonly excess: number;
  /**
   * Mean share of all rows that are both accepted and wrong, over all coverages (Traub et al. 2024): the least surprising
   * of the three, as an error counts the same wherever it stands.
   */
  readonly augrc: number;
}

/** Of a perfect ranking: all errors last. */
function perfect(rows: number, errors: number): number {
  let sum = 0;
  for (let accepted = rows - errors + 1; accepted <= rows; accepted += 1) {
    sum += (accepted - (rows - errors)) / accepted;
  }
  return sum / rows;
}

/**
 * The areas under the curves over the coverages 1/n to 1. Between the points of {@link riskCoverage}, rows of one score
 * count in random order. All 0 without rows.
 */
export function rankingRisk(scores: ArrayLike<number>, right: ArrayLike<boolean>): RankingRisk {
  const rows = scores.length;
  if (rows === 0) return { aurc: 0, excess: 0, augrc: 0 };
  let [risks, joint] = [0, 0];
  let before = { accepted: 0, errors: 0 };
  for (const point of riskCoverage(scores, right)) {
    const slope = (point.errors - before.errors) / (point.accepted - before.accepted);
    for (let accepted = before.accepted + 1; accepted <= point.accepted; accepted += 1) {
      const errors = before.errors + slope * (accepted - before.accepted);
      risks += errors / accepted;
      joint += errors;
    }
    before = point;
  }
  const aurc = risks / rows;
  return { aurc, excess: aurc - perfect(rows, before.errors), augrc: joint / rows ** 2 };
}

/**
 * The largest share of rows that one threshold accepts with at least `accuracy` of them right, chosen in hindsight: a
 * description of the ranking, no promise about other rows. Rows of one confidence are accepted together.
 */
export function coverageAt(
  accuracy: number,
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
): number {
  const good = riskCoverage(confidences, right).filter(
    ({ accepted, errors }) => accepted - errors >= accuracy * accepted,
  );
  return good.at(-1)?.coverage ?? 0;
}
