import { binomialCdf, type Interval } from '@spillway/confidence/binomial';
import { normalCdf } from '@spillway/confidence/normal';
import { lossScore } from '@spillway/confidence/paired';

/** A candidate beside a reference on the same rows. Where both are right, or both wrong, there is nothing to learn. */
export interface PairedOutcome {
  readonly rows: number;
  /** Rows that only the candidate has right. */
  readonly better: number;
  /** Rows that only the reference has right. */
  readonly worse: number;
  /**
   * By how much rows of one conversation are worth less than as many of different ones, 1 or more: tests divide all counts
   * by it (Kish's design effect).
   */
  readonly designEffect: number;
}

/**
 * Counts where candidate and reference differ. `clusters` names the conversation of each row; left out, or undefined for a
 * row, it stands alone.
 */
export function pairedOutcome(
  candidate: readonly boolean[],
  reference: readonly boolean[],
  clusters?: readonly (string | undefined)[],
): PairedOutcome {
  const differences = candidate.map((right, at) => Number(right) - Number(reference[at]));
  return {
    rows: differences.length,
    better: differences.filter((one) => one > 0).length,
    worse: differences.filter((one) => one < 0).length,
    designEffect: clusters === undefined ? 1 : designEffectOf(differences, clusters),
  };
}

/** The variance of the sum with rows drawn by conversation, over that with rows drawn one by one. */
function designEffectOf(differences: readonly number[], clusters: readonly (string | undefined)[]): number {
  const mean = differences.reduce((sum, one) => sum + one, 0) / differences.length;
  const byName = new Map<string | number, { sum: number; rows: number }>();
  for (const [at, one] of differences.entries()) {
    const name = clusters[at] ?? at;
    const { sum, rows } = byName.get(name) ?? { sum: 0, rows: 0 };
    byName.set(name, { sum: sum + one - mean, rows: rows + 1 });
  }
  const groups = [...byName.values()];
  if (groups.length === differences.length || groups.length < 2) return Math.max(1, rowsPerGroup(groups));
  const single = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  // Where nothing differs, nothing shows how alike rows of one conversation are: they are taken to be the same.
  if (single === 0) return Math.max(1, rowsPerGroup(groups));
  const grouped = groups.reduce((sum, group) => sum + group.sum ** 2, 0);
  return Math.max(1, (grouped * groups.length) / (groups.length - 1) / single);
}

function rowsPerGroup(groups: readonly { readonly rows: number }[]): number {
  const all = groups.reduce((sum, { rows }) => sum + rows, 0);
  return all === 0 ? 1 : groups.reduce((sum, { rows }) => sum + rows ** 2, 0) / all;
}

/** The counts that tests may use. */
export function effectiveOutcome({ rows, better, worse, designEffect }: PairedOutcome): PairedOutcome {
  const worth = (count: number): number => count / designEffect;
  return { rows: worth(rows), better: worth(better), worse: worth(worse), designEffect: 1 };
}

/** How likely at least so uneven an outcome would be if both were right equally often. */
export interface McNemar {
  /** Never too small. It alone decides whether two models are called different. */
  readonly exact: number;
  /** Closer to the truth on average, and at times a little too small (Fagerland, Lydersen and Laake 2013). */
  readonly midP: number;
}

/** McNemar's test on the rows where just one of both is right: the two-sided binomial test, and its mid-p. */
export function mcnemar(outcome: PairedOutcome): McNemar {
  const { better, worse } = effectiveOutcome(outcome);
  const [fewer, differing] = [Math.min(better, worse), better + worse];
  const tail = binomialCdf(fewer, differing, 0.5);
  const point = differing === 0 ? 1 : tail - binomialCdf(fewer - 1, differing, 0.5);
  return { exact: Math.min(1, 2 * tail), midP: Math.min(1, 2 * tail - point) };
}

/**
 * Interval of how much more often the candidate is right than the reference, -1 to 1: all differences that Tango's score
 * test (Statistics in Medicine 1998, 17:891) does not reject. It is the interval of the test that the verdict rests on, so
 * both never contradict each other, and it has a width where the models never differ.
 */
export function differenceInterval(outcome: PairedOutcome, level = 0.95): Interval {
  const tail = (1 - level) / 2;
  const { rows, better, worse } = outcome;
  if (rows === 0) return { lower: -1, upper: 1 };
  return {
    lower: -lossBound(outcome, tail),
    upper: lossBound({ ...outcome, better: worse, worse: better }, tail),
  };
}

/** The largest loss that is not rejected at `tail`: the candidate loses no more than this with confidence 1 - tail. */
export function lossBound(outcome: PairedOutcome, tail: number): number {
  const counts = effectiveOutcome(outcome);
  let [inside, outside] = [-1, 1];
  for (;;) {
    const margin = (inside + outside) / 2;
    if (margin <= inside || margin >= outside) return inside;
    if (normalCdf(lossScore({ ...counts, margin })) > tail) inside = margin;
    else outside = margin;
  }
}
