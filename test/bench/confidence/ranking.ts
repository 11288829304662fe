import type { ScoredRow } from '@spillway/confidence/certify';

/** Labelled rows, most certain first, of which a threshold accepts a beginning. */
export interface Ranked {
  readonly scores: Float64Array;
  /** How many of the first `n` are wrong, from 0 to all of them. */
  readonly wrongAmong: Int32Array;
}

/** Puts rows in order, the most certain first. */
export function ranked(rows: readonly ScoredRow[]): Ranked {
  const sorted = rows.toSorted((a, b) => b.score - a.score);
  const wrongAmong = new Int32Array(rows.length + 1);
  for (const [at, { wrong }] of sorted.entries())
    wrongAmong[at + 1] = (wrongAmong[at] as number) + (wrong ? 1 : 0);
  return { scores: Float64Array.from(sorted, ({ score }) => score), wrongAmong };
}

/** How many rows score at least this much, by bisection. */
export function acceptedBy({ scores }: Ranked, threshold: number): number {
  let [low, high] = [0, scores.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((scores[middle] as number) >= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}
