import { clopperPearson, type Interval } from './binomial.js';

/**
 * Bins of equal width part 0 to 1 evenly; those of equal mass hold the same number of rows each, so that none is almost
 * empty, and rows of one confidence may fall into two of them.
 */
export interface Binning {
  readonly by: 'width' | 'mass';
  readonly bins: number;
}

/** Rows of similar confidence: how sure they were said to be, and how many were right. */
export interface ReliabilityBin {
  readonly rows: number;
  /** Mean of the rows. */
  readonly confidence: number;
  /** Share of the rows that were right. */
  readonly accuracy: number;
  /** Of the accuracy, at 95 %. */
  readonly interval: Interval;
}

/** Rows by rising confidence. */
interface Sorted {
  readonly confidences: Float64Array;
  readonly right: Uint8Array;
}

function sorted(confidences: ArrayLike<number>, right: ArrayLike<boolean>): Sorted {
  const order = Array.from(confidences, (_, at) => at).sort(
    (a, b) => (confidences[a] as number) - (confidences[b] as number),
  );
  return {
    confidences: Float64Array.from(order, (at) => confidences[at] as number),
    right: Uint8Array.from(order, (at) => (right[at] ? 1 : 0)),
  };
}

interface Totals {
  readonly rows: number;
  readonly confidence: number;
  readonly right: number;
}

/** The totals of each bin that has rows, by rising confidence. */
function binned({ confidences, right }: Sorted, { by, bins }: Binning): Totals[] {
  const rows = confidences.length;
  const binOf = (at: number) =>
    by === 'mass'
      ? Math.floor((at * bins) / rows)
      : Math.min(bins - 1, Math.max(0, Math.floor((confidences[at] as number) * bins)));
  const found: Totals[] = [];
  for (let from = 0; from < rows; ) {
    const bin = binOf(from);
    let [to, confidence, hits] = [from, 0, 0];
    for (; to < rows && binOf(to) === bin; to += 1) {
      confidence += confidences[to] as number;
      hits += right[to] as number;
    }
    found.push({ rows: to - from, confidence, right: hits });
    from = to;
  }
  return found;
}

function errorOf(rows: Sorted, binning: Binning): number {
  const gap = binned(rows, binning).reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0);
  return rows.confidences.length === 0 ? 0 : gap / rows.confidences.length;
}

/** What a reliability diagram shows: bins with rows, by rising confidence. */
export function reliability(
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
  binning: Binning = { by: 'mass', bins: 10 },
): readonly ReliabilityBin[] {
  return binned(sorted(confidences, right), binning).map((bin) => ({
    rows: bin.rows,
    confidence: bin.confidence / bin.rows,
    accuracy: bin.right / bin.rows,
    interval: clopperPearson(bin.right, bin.rows, 0.95),
  }));
}

/**
 * Expected calibration error over bins of equal width: Σ_b (n_b / n) · |accuracy_b - mean confidence_b| (Naeini, Cooper
 * and Hauskrecht 2015). 0 to 1; 0 without rows. Biased upwards on small sets: also perfectly calibrated rows give more
 * than 0, {@link calibrationNoise} says how much.
 */
export function calibrationError(
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
  bins = 15,
): number {
  return errorOf(sorted(confidences, right), { by: 'width', bins });
}

/** The same over bins of equal mass (adaptive calibration error; Nguyen and O'Connor 2015). */
export function adaptiveCalibrationError(
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
  bins = 15,
): number {
  return errorOf(sorted(confidences, right), { by: 'mass', bins });
}

export interface NoiseOptions {
  /** Of the error that is measured. Left out: 15 bins of equal width. */
  readonly binning?: Binning;
  readonly rounds?: number;
}

const USUAL: Binning = { by: 'width', bins: 15 };

/** Calibration errors of perfectly calibrated rows with these confidences: outcomes are redrawn, by rising error. */
function chanceErrors(rows: Sorted, random: () => number, binning: Binning, rounds: number): Float64Array {
  const redrawn = { confidences: rows.confidences, right: rows.right.slice() };
  return Float64Array.from({ length: rounds }, () => {
    for (const [at, confidence] of rows.confidences.entries()) {
      redrawn.right[at] = random() < confidence ? 1 : 0;
    }
    return errorOf(redrawn, binning);
  }).sort();
}

/**
 * The calibration error to expect of perfectly calibrated rows with these confidences: outcomes are redrawn from the
 * confidences `rounds` times. What is measured means little as long as it is not well above this.
 *
 * @param random numbers from 0 to 1
 */
export function calibrationNoise(
  confidences: ArrayLike<number>,
  random: () => number,
  { binning = USUAL, rounds = 200 }: NoiseOptions = {},
): number {
  const errors = chanceErrors(sorted(confidences, []), random, binning, rounds);
  return errors.reduce((sum, error) => sum + error, 0) / rounds;
}

/** Calibration errors of as many rows drawn from these with replacement, by rising error. */
function bootstrapErrors(rows: Sorted, random: () => number, binning: Binning, rounds: number): Float64Array {
  const count = rows.confidences.length;
  const times = new Uint32Array(count);
  const drawn = { confidences: rows.confidences.slice(), right: rows.right.slice() };
  return Float64Array.from({ length: rounds }, () => {
    times.fill(0);
    for (let draw = 0; draw < count; draw += 1) (times[Math.floor(random() * count)] as number) += 1;
    let next = 0;
    for (const [at, often] of times.entries()) {
      drawn.confidences.fill(rows.confidences[at] as number, next, next + often);
      drawn.right.fill(rows.right[at] as number, next, next + often);
      next += often;
    }
    return errorOf(drawn, binning);
  }).sort();
}

const quantile = (rising: Float64Array, share: number) =>
  rising[Math.round(share * (rising.length - 1))] as number;

/** A measured calibration error with what puts it into proportion. */
export interface CalibrationAssessment {
  readonly error: number;
  /** What perfectly calibrated rows would give in the mean. */
  readonly byChance: number;
  /** Of the error of endless rows, at 95 %. Begins at 0 where perfectly calibrated rows could have given the error. */
  readonly interval: Interval;
}

/**
 * Measures the calibration error and says how much of it is chance. The interval is the bootstrap's, reflected about what
 * was measured: drawing rows again adds as much noise once more as the measured error has in it already, and the
 * reflection takes both away. Near 0 that is not enough, and redrawn outcomes decide.
 *
 * @param random numbers from 0 to 1
 */
export function assessCalibration(
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
  random: () => number,
  { binning = USUAL, rounds = 200 }: NoiseOptions = {},
): CalibrationAssessment {
  const rows = sorted(confidences, right);
  const error = errorOf(rows, binning);
  const chance = chanceErrors(rows, random, binning, rounds);
  const again = bootstrapErrors(rows, random, binning, rounds);
  const reflected = (share: number) => Math.min(1, Math.max(0, 2 * error - quantile(again, share)));
  return {
    error,
    byChance: chance.reduce((sum, one) => sum + one, 0) / rounds,
    interval: {
      lower: error > quantile(chance, 0.975) ? reflected(0.975) : 0,
      upper: reflected(0.025),
    },
  };
}
