import type { Interval } from '@spillway/confidence/binomial';
import { normalCdf, normalQuantile } from '@spillway/confidence/normal';

/** A figure of the rows with these numbers; a row may be drawn more than once. */
export type Statistic = (drawn: Int32Array) => number;

export interface BootstrapOptions {
  /** Numbers from 0 to 1: seeded, so that a report can be made again. */
  readonly random: () => number;
  /** 0.95 when left out. A one-sided bound at 95 % is the end of the interval at 90 %. */
  readonly level?: number;
  readonly rounds?: number;
  /** Rows of one name, such as a conversation's, are drawn together; undefined: the row stands alone. */
  readonly clusters?: readonly (string | undefined)[];
}

export interface BootstrapInterval {
  /** Of the rows as they are. */
  readonly estimate: number;
  readonly standardError: number;
  readonly percentile: Interval;
  /** Corrected for bias and skewness: the one to report. */
  readonly corrected: Interval;
}

const ROUNDS = 2_000;
/** Groups that are left out in turn to see the skewness: more would not change the second digit of the correction. */
const MOST_GROUPS = 200;

/**
 * Intervals of any figure by drawing as many rows again with replacement: plain percentiles, and BCa (Efron 1987, "Better
 * bootstrap confidence intervals"), whose acceleration comes from leaving out groups of rows in turn. Figures are compared
 * pairwise by a statistic that is itself a difference over the same drawn rows. Draws for which the figure is undefined
 * (NaN) are left out. NaN throughout without rows. Where all draws give the same figure, as of ten rows that are all right,
 * they say nothing of what other rows would give: the ends are NaN, and no interval without any width.
 */
export function bootstrapInterval(
  rows: number,
  statistic: Statistic,
  { random, level = 0.95, rounds = ROUNDS, clusters }: BootstrapOptions,
): BootstrapInterval {
  const groups = groupsOf(rows, clusters);
  const estimate = statistic(Int32Array.from({ length: rows }, (_, at) => at));
  const drawn = Float64Array.from({ length: rows === 0 ? 0 : rounds }, () =>
    statistic(drawAgain(rows, groups, random)),
  )
    .filter((figure) => !Number.isNaN(figure))
    .sort();
  const deviation = deviationOf(drawn);
  if (isAlike(drawn))
    return { estimate, standardError: deviation, percentile: NO_INTERVAL, corrected: NO_INTERVAL };
  const tail = (1 - level) / 2;
  const bias = normalQuantile(shareBelow(drawn, estimate));
  const acceleration = accelerationOf(groups, statistic);
  const corrected = (share: number): number =>
    quantile(drawn, correctedShare(normalQuantile(share), bias, acceleration));
  return {
    estimate,
    standardError: deviation,
    percentile: { lower: quantile(drawn, tail), upper: quantile(drawn, 1 - tail) },
    corrected: { lower: corrected(tail), upper: corrected(1 - tail) },
  };
}

const NO_INTERVAL: Interval = { lower: Number.NaN, upper: Number.NaN };
/** Sums of the same numbers in another order differ by less. */
const ROUNDING = 1e-12;

const isAlike = (rising: Float64Array): boolean =>
  (rising.at(-1) ?? Number.NaN) - (rising[0] ?? Number.NaN) < ROUNDING;

/** The interval of the mean of candidate - reference, both figures of the same rows. */
export function pairedDifference(
  candidate: ArrayLike<number>,
  reference: ArrayLike<number>,
  options: BootstrapOptions,
): BootstrapInterval {
  const differences = Float64Array.from(candidate, (one, at) => one - (reference[at] as number));
  return bootstrapInterval(differences.length, meanOf(differences), options);
}

/** The mean of values, as a statistic. */
export const meanOf =
  (values: Float64Array): Statistic =>
  (drawn) => {
    let sum = 0;
    for (const at of drawn) sum += values[at] as number;
    return sum / drawn.length;
  };

function groupsOf(rows: number, clusters: BootstrapOptions['clusters']): readonly Int32Array[] {
  const byName = new Map<string | number, number[]>();
  for (let at = 0; at < rows; at += 1) {
    const name = clusters?.[at] ?? at;
    const group = byName.get(name);
    if (group === undefined) byName.set(name, [at]);
    else group.push(at);
  }
  return [...byName.values()].map((group) => Int32Array.from(group));
}

function drawAgain(rows: number, groups: readonly Int32Array[], random: () => number): Int32Array {
  const one = (): number => Math.floor(random() * groups.length);
  // Most sets have no conversations, and their rows need no putting together.
  if (groups.length === rows) return new Int32Array(rows).map(one);
  return joined(groups.map(() => groups[one()] as Int32Array));
}

function joined(groups: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(groups.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const group of groups) {
    all.set(group, at);
    at += group.length;
  }
  return all;
}

/** Skewness of what each part of the rows contributes, by the jackknife over groups; 0 where nothing varies. */
function accelerationOf(groups: readonly Int32Array[], statistic: Statistic): number {
  const parts = Math.min(MOST_GROUPS, groups.length);
  if (parts < 2) return 0;
  const without = Array.from({ length: parts }, (_, part) =>
    statistic(joined(groups.filter((_group, at) => at % parts !== part))),
  ).filter((figure) => !Number.isNaN(figure));
  const mean = without.reduce((sum, one) => sum + one, 0) / without.length;
  const power = (exponent: number): number => without.reduce((sum, one) => sum + (mean - one) ** exponent, 0);
  const variance = power(2);
  return variance < Number.EPSILON ** 2 ? 0 : power(3) / (6 * variance ** 1.5);
}

function correctedShare(normal: number, bias: number, acceleration: number): number {
  if (!Number.isFinite(bias)) return normalCdf(normal);
  const shifted = bias + normal;
  return normalCdf(bias + shifted / (1 - acceleration * shifted));
}

/** Ties count half: of a figure with few values many draws equal the estimate. */
function shareBelow(rising: Float64Array, figure: number): number {
  let below = 0;
  for (const one of rising) below += one < figure ? 1 : one === figure ? 0.5 : 0;
  return below / rising.length;
}

/** Between neighbours on a straight line. */
function quantile(rising: Float64Array, share: number): number {
  const place = Math.min(1, Math.max(0, share)) * (rising.length - 1);
  const [below, above] = [rising[Math.floor(place)], rising[Math.ceil(place)]];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

function deviationOf(figures: Float64Array): number {
  const mean = figures.reduce((sum, one) => sum + one, 0) / figures.length;
  return Math.sqrt(figures.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (figures.length - 1));
}
