import { Fault } from '@spillway/contracts/fault';
import { clopperPearson } from './binomial.js';

/** Rows in which something was so, such as those that were escalated. */
export interface Occurrence {
  readonly events: number;
  readonly rows: number;
}

/** What can be seen of a step's traffic without any label: plain data. */
export interface Traffic {
  /** Rows by score, as {@link scoreHistogram} counts them. */
  readonly scores: readonly number[];
  /** By name: escalated, repaired, of low label mass, and the like. */
  readonly occurrences: Readonly<Record<string, Occurrence>>;
}

/** In which of so many bins of equal width over 0 to 1 a score lies; the nearest where it lies in none. */
export const binOf = (score: number, bins: number): number =>
  Math.min(bins - 1, Math.max(0, Math.floor(score * bins)));

/** How many scores lie in each of `bins` bins of equal width over 0 to 1. */
export function scoreHistogram(scores: ArrayLike<number>, bins = 20): readonly number[] {
  const counts = Array.from({ length: bins }, () => 0);
  for (let at = 0; at < scores.length; at += 1) {
    (counts[binOf(scores[at] as number, bins)] as number) += 1;
  }
  return counts;
}

/** How far scores have moved. */
export interface ScoreShift {
  /**
   * Population stability index, Σ (now - before) · ln (now / before) over the bins: by custom 0.1 is a moderate and 0.25
   * a large move. Half a row is added to every bin, so that an empty one is no infinite move.
   */
  readonly stability: number;
  /** Largest difference between the two cumulative distributions (Kolmogorov-Smirnov), at the edges of the bins. */
  readonly distance: number;
  /** How often so large a distance happens by chance where nothing has moved. Too large a figure for binned scores. */
  readonly chance: number;
}

const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

/** Tail of the Kolmogorov distribution: 2 Σ (-1)^(k-1) e^(-2 k² x²), with the correction of Stephens 1970 for few rows. */
function kolmogorov(distance: number, rows: number): number {
  const root = Math.sqrt(rows);
  const x = (root + 0.12 + 0.11 / root) * distance;
  // The series does not converge near 0, where the sum is 1 to the last digit.
  if (x < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k += 1) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * (k * x) ** 2);
  return Math.min(1, Math.max(0, sum));
}

/**
 * Compares two histograms of scores.
 *
 * @throws Fault `rejected` where they differ in the number of bins, or one has no rows
 */
export function scoreShift(before: readonly number[], now: readonly number[]): ScoreShift {
  const [rows, rowsNow] = [sumOf(before), sumOf(now)];
  if (before.length !== now.length || rows === 0 || rowsNow === 0) {
    throw new Fault('rejected', 'two histograms are compared by the same bins, and with rows in both');
  }
  let [stability, distance, apart] = [0, 0, 0];
  for (const [bin, count] of before.entries()) {
    const countNow = now[bin] as number;
    const share = (count + 0.5) / (rows + 0.5 * before.length);
    const shareNow = (countNow + 0.5) / (rowsNow + 0.5 * before.length);
    stability += (shareNow - share) * Math.log(shareNow / share);
    apart += countNow / rowsNow - count / rows;
    distance = Math.max(distance, Math.abs(apart));
  }
  return { stability, distance, chance: kolmogorov(distance, (rows * rowsNow) / (rows + rowsNow)) };
}

/** Something about the traffic has changed: a reason to look, never a statement about errors. */
export interface EarlyWarning {
  /** `scores`, or the name of the occurrence. */
  readonly signal: string;
  /** What changed, for a person to read. */
  readonly message: string;
}

/** Warnings come daily and of several signals: each may be by chance once in a thousand times. */
const BY_CHANCE = 0.001;
/** Much traffic shows moves too small to matter. */
const STABLE = 0.1;
/** By which part of itself a share has to move to matter. */
export const MOVED = 0.2;

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function movedScores(before: readonly number[], now: readonly number[]): EarlyWarning[] {
  if (sumOf(before) === 0 || sumOf(now) === 0) return [];
  const { stability, distance, chance } = scoreShift(before, now);
  if (chance >= BY_CHANCE || stability < STABLE) return [];
  const message =
    `the scores have moved: population stability index ${stability.toFixed(2)}, ` +
    `largest distance ${distance.toFixed(2)} on ${sumOf(now)} rows`;
  return [{ signal: 'scores', message }];
}

function movedShare(signal: string, before: Occurrence, now: Occurrence): EarlyWarning[] {
  const [share, shareNow] = [before.events / before.rows, now.events / now.rows];
  const held = clopperPearson(before.events, before.rows, 1 - BY_CHANCE);
  const heldNow = clopperPearson(now.events, now.rows, 1 - BY_CHANCE);
  // Without rows an interval is 0 to 1, and apart from nothing.
  const apart = heldNow.lower > held.upper || heldNow.upper < held.lower;
  if (!apart || Math.abs(shareNow - share) < MOVED * share) return [];
  const message = `${signal}: ${percent(shareNow)} of ${now.rows} rows, ${percent(share)} before`;
  return [{ signal, message }];
}

/**
 * What has changed between two stretches of traffic by more than chance, and by enough to matter: the scores by a
 * population stability index of 0.1, an occurrence by a fifth. What is missing in either is not compared.
 *
 * @throws Fault `rejected` where the histograms differ in the number of bins
 */
export function earlyWarnings(before: Traffic, now: Traffic): readonly EarlyWarning[] {
  return [
    ...movedScores(before.scores, now.scores),
    ...Object.entries(now.occurrences).flatMap(([signal, occurrence]) => {
      const earlier = before.occurrences[signal];
      return earlier === undefined ? [] : movedShare(signal, earlier, occurrence);
    }),
  ];
}
