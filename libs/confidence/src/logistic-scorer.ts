import { Fault } from '@spillway/contracts/fault';
import { solveSymmetric } from './linear-system.js';
import { sigmoid } from './log-odds.js';
import type { Features } from './score.js';

/** What one feature adds to the log-odds of being right. */
export interface WeightedFeature {
  readonly name: string;
  readonly mean: number;
  /** Standard deviation, over 0. */
  readonly deviation: number;
  /** For each standard deviation over the mean. */
  readonly weight: number;
  /** Where the feature is absent. */
  readonly absent: number;
}

/** A logistic regression on features; plain JSON. */
export interface LogisticScorer {
  readonly intercept: number;
  readonly features: readonly WeightedFeature[];
}

export interface ScorerOptions {
  /** Inverse variance of the weights around 0, each for one standard deviation of its feature. */
  readonly penalty?: number;
}

/** The probability, 0 to 1, that an answer with these features is right. Features that were not fitted count nothing. */
export function applyScorer(scorer: LogisticScorer, features: Features): number {
  return sigmoid(
    scorer.features.reduce((sum, { name, mean, deviation, weight, absent }) => {
      const value = features[name];
      return sum + (isKnown(value) ? (weight * (value - mean)) / deviation : absent);
    }, scorer.intercept),
  );
}

const isKnown = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value);

/**
 * Logistic regression of `right` on the features of the answers with a quadratic penalty, by Newton's method. Features are
 * standardised over the rows that have them; one that some rows lack has a weight for being absent beside, and one that
 * never varies is left out. About ten features and 150 rows or more are worth it.
 *
 * @throws Fault `rejected` without rows, or when `right` has not as many
 */
export function fitScorer(
  rows: readonly Features[],
  right: ArrayLike<boolean>,
  { penalty = 1 }: ScorerOptions = {},
): LogisticScorer {
  if (rows.length === 0 || rows.length !== right.length) {
    throw new Fault(
      'rejected',
      `a scorer cannot be fitted to ${rows.length} rows and ${right.length} outcomes`,
    );
  }
  const columns = columnsOf(rows);
  const design = rows.map((row) => [1, ...columns.flatMap((column) => column.cells(row))]);
  const weights = newton(design, right, penalty);
  let at = 1;
  return {
    intercept: weights[0] as number,
    features: columns.map(({ name, mean, deviation, isPartial }) => {
      const weight = weights[at++] as number;
      return { name, mean, deviation, weight, absent: isPartial ? (weights[at++] as number) : 0 };
    }),
  };
}

interface Column {
  readonly name: string;
  readonly mean: number;
  readonly deviation: number;
  /** Some rows lack it: it has a cell for that beside its own. */
  readonly isPartial: boolean;
  readonly cells: (row: Features) => readonly number[];
}

function columnsOf(rows: readonly Features[]): readonly Column[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].toSorted();
  return names.flatMap((name) => {
    const values = rows.map((row) => row[name]).filter(isKnown);
    if (values.length === 0) return [];
    const isPartial = values.length < rows.length;
    const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length);
    const varies = spread > 1e-9 * Math.max(1, Math.abs(mean));
    // A reason that is 1 or absent says all it has to say by being there.
    if (!varies && !isPartial) return [];
    const deviation = varies ? spread : 1;
    const own = (value: number): number => (varies ? (value - mean) / deviation : 0);
    const cells = (row: Features): readonly number[] => {
      const value = row[name];
      const cell = isKnown(value) ? own(value) : 0;
      return isPartial ? [cell, isKnown(value) ? 0 : 1] : [cell];
    };
    return [{ name, mean, deviation, isPartial, cells }];
  });
}

/** The weights that make the penalised loss least; the intercept, which comes first, is free. */
function newton(
  design: readonly (readonly number[])[],
  right: ArrayLike<boolean>,
  penalty: number,
): number[] {
  const width = design[0]?.length ?? 0;
  const penalties = Array.from({ length: width }, (_, at) => (at === 0 ? 1e-6 : penalty));
  let weights: number[] = new Array<number>(width).fill(0);
  let loss = lossOf(design, right, weights, penalties);
  for (let round = 0; round < 100; round += 1) {
    const step = stepOf(design, right, weights, penalties);
    let scale = 1;
    let next = weights;
    let nextLoss = Number.POSITIVE_INFINITY;
    for (; scale > 1e-6 && !(nextLoss < loss); scale /= 2) {
      next = weights.map((weight, at) => weight + scale * (step[at] as number));
      nextLoss = lossOf(design, right, next, penalties);
    }
    if (!(nextLoss < loss)) return weights;
    const gain = loss - nextLoss;
    weights = next;
    loss = nextLoss;
    if (gain < 1e-12 * design.length) return weights;
  }
  return weights;
}

const dot = (row: readonly number[], weights: readonly number[]): number =>
  row.reduce((sum, cell, at) => sum + cell * (weights[at] as number), 0);

function lossOf(
  design: readonly (readonly number[])[],
  right: ArrayLike<boolean>,
  weights: readonly number[],
  penalties: readonly number[],
): number {
  let loss = weights.reduce((sum, weight, at) => sum + 0.5 * (penalties[at] as number) * weight ** 2, 0);
  for (const [at, row] of design.entries()) {
    const z = dot(row, weights);
    // ln(1 + e^z) - t·z without overflow.
    loss += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - (right[at] ? z : 0);
  }
  return loss;
}

function stepOf(
  design: readonly (readonly number[])[],
  right: ArrayLike<boolean>,
  weights: readonly number[],
  penalties: readonly number[],
): readonly number[] {
  const width = weights.length;
  const gradient = weights.map((weight, at) => -(penalties[at] as number) * weight);
  const curvature = Array.from({ length: width }, (_, at) => {
    const row = new Float64Array(width);
    row[at] = penalties[at] as number;
    return row;
  });
  for (const [at, row] of design.entries()) {
    const p = sigmoid(dot(row, weights));
    const error = (right[at] ? 1 : 0) - p;
    const weight = p * (1 - p);
    for (let i = 0; i < width; i += 1) {
      const cell = row[i] as number;
      (gradient[i] as number) += error * cell;
      const line = curvature[i] as Float64Array;
      for (let j = 0; j <= i; j += 1) (line[j] as number) += weight * cell * (row[j] as number);
    }
  }
  return solveSymmetric(curvature, gradient);
}
