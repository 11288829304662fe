import { type Levels, rings, UNWATCHED, watch } from '@spillway/confidence/signals';
import type { ShareWatch } from '@spillway/store/task-watch';
import type { SharesSeen } from './shares-seen.js';

/** The shares that are watched, in the order in which they are told of. */
export const SHARE_SIGNALS = [
  'below_threshold',
  'out_of_scope',
  'outside_labels',
  'off_schema',
] as const satisfies readonly (keyof ShareWatch)[];

/** One answer, with the message that it is to and when it was decided on (milliseconds since the epoch). */
export interface Observation extends Omit<SharesSeen, 'task'> {
  readonly messageId: string;
  readonly atMs: number;
}

/** What rang, and at which answer. */
export interface Rung {
  readonly signal: (typeof SHARE_SIGNALS)[number];
  readonly at: Observation;
}

/** Takes in answers one after the other, up to the first that makes a detector ring. */
export function folded(
  before: ShareWatch,
  batch: readonly Observation[],
  levels: Levels,
): { readonly shares: ShareWatch; readonly rung?: Rung } {
  let shares = before;
  for (const at of batch) {
    const happened = {
      below_threshold: at.belowThreshold,
      out_of_scope: at.outOfScope,
      outside_labels: at.outsideLabels,
      off_schema: at.offSchema,
    };
    for (const signal of SHARE_SIGNALS) {
      const [level, showed] = [levels[signal], happened[signal]];
      if (level === undefined || showed === undefined) continue;
      const showing = { happened: showed, atMs: at.atMs };
      const watched = watch(shares[signal] ?? UNWATCHED, showing, level);
      shares = { ...shares, [signal]: watched };
      if (rings(watched, levels)) return { shares, rung: { signal, at } };
    }
  }
  return { shares };
}
