import { upperBound } from './binomial.js';
import { ALARM_AT, alarmed, type DriftState, observe, payout, UNDRIFTED } from './drift.js';
import { MOVED } from './early-warning.js';

/** What is watched of a task. Only `wrong`, among the kept answers, needs labels: the others are seen in every answer. */
export type Signal = 'wrong' | 'below_threshold' | 'out_of_scope' | 'outside_labels' | 'off_schema';

/** What the answers to traffic like the certified rows looked like: how many of so many answers. */
export interface ExpectedShares {
  readonly rows: number;
  readonly belowThreshold: number;
  /** Absent for a task that has no such label. */
  readonly outOfScope?: number;
  /** With over a tenth of the probability outside of the labels; absent where the answers do not tell. */
  readonly outsideLabels?: number;
  /** Off the schema until a second try; absent where the answers do not tell. */
  readonly offSchema?: number;
}

/** For each watched signal the highest share that is no alarm, over 0 and under 0.5. */
export type Levels = Readonly<Partial<Record<Signal, number>>>;

/** How often a certificate's expectation may be too low by the chance of its rows. */
const BY_CHANCE = 0.01;

/** What may still be the expected share, and as much more as is too little to matter. */
const shareLevel = (events: number, rows: number): number =>
  Math.max(upperBound(events, rows, BY_CHANCE), ((1 + MOVED) * events) / rows);

/**
 * What can be watched, and from which share on it is an alarm. A share is watched where the expectation is known, and
 * nothing is where every other answer may be so.
 *
 * @param allowed share of the kept answers that may be wrong
 */
export function levelsOf(allowed: number, expected?: ExpectedShares): Levels {
  const levelOf = (events: number | undefined): number | undefined =>
    expected === undefined || events === undefined ? undefined : shareLevel(events, expected.rows);
  const levels: Record<Signal, number | undefined> = {
    wrong: allowed,
    below_threshold: levelOf(expected?.belowThreshold),
    out_of_scope: levelOf(expected?.outOfScope),
    outside_labels: levelOf(expected?.outsideLabels),
    off_schema: levelOf(expected?.offSchema),
  };
  return Object.fromEntries(
    Object.entries(levels).filter(([, level]) => level !== undefined && level > 0 && level < 0.5),
  );
}

/** Where each detector of a task rings: all of them together have the chance of a false alarm that one alone would have. */
export const alarmLevel = (levels: Levels): number => ALARM_AT * Object.keys(levels).length;

/** The latest stretch that speaks for a raised share (Page 1954): it begins where the change most likely did. */
export interface Stretch {
  /** Milliseconds since the epoch; of its first outcome. */
  readonly sinceMs: number;
  readonly labels: number;
  readonly events: number;
  /** How much likelier a doubled share makes the stretch: over 1, or there is none. */
  readonly gain: number;
}

/** What is kept of one signal: plain data, the same after a round trip through JSON. */
export interface Watched {
  readonly drift: DriftState;
  readonly stretch: Stretch;
}

const noStretch: Stretch = { sinceMs: 0, labels: 0, events: 0, gain: 1 };

/** Nothing seen yet. */
export const UNWATCHED: Watched = { drift: UNDRIFTED, stretch: noStretch };

/** Whether the signal showed in one answer. */
export interface Showing {
  readonly happened: boolean;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** As of a label of the shadow sample; 1 unless set. */
  readonly weight?: number;
}

/**
 * Takes in one more answer, in any order that does not depend on whether the signal showed. The detector decides; the
 * stretch only tells since when.
 *
 * @throws Fault `rejected` unless 0 < level < 0.5 and 0 < weight <= 1
 */
export function watch({ drift, stretch }: Watched, showing: Showing, level: number): Watched {
  const { happened, atMs, weight = 1 } = showing;
  const observed = observe(drift, { wrong: happened, weight }, level);
  const gain = stretch.gain * payout(level, 2 * level, weight * ((happened ? 1 : 0) - level));
  if (gain <= 1) return { drift: observed, stretch: noStretch };
  const { sinceMs, labels, events } = stretch;
  return {
    drift: observed,
    stretch: {
      sinceMs: labels === 0 ? atMs : sinceMs,
      labels: labels + 1,
      events: events + (happened ? 1 : 0),
      gain: Math.min(Number.MAX_VALUE, gain),
    },
  };
}

/** Whether this detector of a task rings. */
export const rings = ({ drift }: Watched, levels: Levels): boolean => alarmed(drift, alarmLevel(levels));
