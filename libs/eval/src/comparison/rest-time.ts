const MINUTE_MS = 60_000;

/**
 * How long the rest takes at the pace so far, for a progress bar; empty before there is a pace. `fresh` answers are those
 * that were asked for: what comes from a file says nothing of the pace. Times are in milliseconds.
 */
export function restTime(progress: {
  readonly done: number;
  readonly fresh: number;
  readonly total: number;
  readonly elapsedMs: number;
}): string {
  const { done, fresh, total, elapsedMs } = progress;
  if (fresh === 0 || done >= total) return '';
  const restMs = (elapsedMs / fresh) * (total - done);
  if (restMs < MINUTE_MS) return `${Math.max(1, Math.round(restMs / 1_000))} s left`;
  return `${Math.ceil(restMs / MINUTE_MS)} min left`;
}
