import type { PairedRow } from './paired.js';

/** What is right, as a share of all requests, when this share of them is sent to the big model. */
export interface RoutingPoint {
  readonly sent: number;
  readonly right: number;
}

/**
 * All that thresholds on a score can reach on these rows, from nothing sent to everything sent. Rows of one score are sent
 * together: one point for each distinct score, and between two of them what sending a random part of the rows would give.
 * It is drawn with the labels in view, so it describes the score; it is no promise for any threshold.
 */
export interface RoutingCurve {
  /** Share that the small model alone has right. */
  readonly floor: number;
  /** Share that the big model alone has right. */
  readonly ceiling: number;
  readonly points: readonly RoutingPoint[];
}

const shareOf = (rows: readonly PairedRow[], counted: (row: PairedRow) => boolean): number =>
  rows.filter(counted).length / rows.length;

/** Draws the curve; NaN throughout without rows. */
export function routingCurve(rows: readonly PairedRow[]): RoutingCurve {
  const sorted = rows.toSorted((a, b) => a.score - b.score);
  const floor = shareOf(rows, ({ smallRight }) => smallRight);
  const points: RoutingPoint[] = [{ sent: 0, right: floor }];
  let gained = 0;
  for (const [at, { score, smallRight, bigRight }] of sorted.entries()) {
    gained += Number(bigRight) - Number(smallRight);
    if (sorted[at + 1]?.score === score) continue;
    points.push({ sent: (at + 1) / rows.length, right: floor + gained / rows.length });
  }
  return { floor, ceiling: shareOf(rows, ({ bigRight }) => bigRight), points };
}

/**
 * Average performance gap recovered (RouteLLM, arXiv 2406.18665): the area under (right - floor) / (ceiling - floor) over
 * the share sent. A score that says nothing gets 0.5; above 1 means that both models together beat the big one.
 */
export function averageGapRecovered({ floor, ceiling, points }: RoutingCurve): number {
  let area = 0;
  for (const [at, { sent, right }] of points.entries()) {
    const before = points[at - 1];
    if (before !== undefined) area += ((sent - before.sent) * (right + before.right - 2 * floor)) / 2;
  }
  return area / (ceiling - floor);
}

/**
 * Call-performance threshold (RouteLLM): the smallest share of requests that must be sent to recover this share of the gap
 * between both models; 1 for the whole gap is parity with the big model.
 */
export function sentToRecover({ floor, ceiling, points }: RoutingCurve, share: number): number {
  const wanted = floor + share * (ceiling - floor);
  for (const [at, { sent, right }] of points.entries()) {
    if (right < wanted) continue;
    const before = points[at - 1];
    if (before === undefined) return sent;
    return before.sent + ((sent - before.sent) * (wanted - before.right)) / (right - before.right);
  }
  return 1;
}

/** The point with most right, of equal ones that with the least sent. */
export function bestPoint({ points }: RoutingCurve): RoutingPoint {
  return points.reduce((best, point) => (point.right > best.right ? point : best));
}

/**
 * The share of the gap between both models that is recovered when this share of the requests is right; a random router
 * recovers what it sends. Above 1: better than the big model alone. NaN where there is no gap.
 */
export const gapRecovered = (
  right: number,
  { floor, ceiling }: Pick<RoutingCurve, 'floor' | 'ceiling'>,
): number => (ceiling === floor ? Number.NaN : (right - floor) / (ceiling - floor));
