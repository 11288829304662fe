import { Fault } from '@spillway/contracts/fault';
import { binomialCdf } from './binomial.js';
import { firstAccepted } from './fixed-sequence.js';
import { normalCdf } from './normal.js';

/** One request, as both models answered it. */
export interface PairedRow {
  /** How far the small model's answer is trusted. */
  readonly score: number;
  readonly smallRight: boolean;
  readonly bigRight: boolean;
}

/** What a threshold does on labelled requests. Those that both models have right, or both wrong, change nothing. */
export interface PairedThreshold {
  readonly threshold: number;
  /** Requests that score at least that much, and keep the small model's answer. */
  readonly kept: number;
  /** Of those: the small model is right where the big one is wrong. */
  readonly better: number;
  /** And the other way around. */
  readonly worse: number;
}

export interface NotWorseOptions {
  /** What may be lost, as a share of all requests, 0 to 1; at 0 the cascade must do at least as well as the big model. */
  readonly margin: number;
  /** Chance that the procedure says so wrongly. */
  readonly delta: number;
  /** The threshold at which the walk starts, chosen on older data. */
  readonly start?: number;
}

export type NotWorse =
  | ({
      readonly verdict: 'certified';
      readonly rows: number;
      /** Every threshold that passed, for the choice by cost. */
      readonly passed: readonly PairedThreshold[];
    } & PairedThreshold)
  | { readonly verdict: 'not_shown'; readonly rows: number; readonly reason: string };

/**
 * Finds the lowest threshold at which a cascade (the small model's answer from there on, the big model's below) is right no
 * less often than the big model alone, but for `margin`, by a procedure that errs with chance `delta` at most over the draw
 * of the rows: fixed-sequence testing with {@link notWorseChance}, from half of the rows downwards (a quarter below 400)
 * until one threshold fails.
 *
 * Only where the models differ there is anything to learn, so it takes far fewer rows than two separate error rates would.
 * The promise holds for traffic of which the rows are a random sample, none used before to fit or choose anything.
 *
 * @throws Fault `rejected` for scores that are not finite, a margin outside of 0 to 1 (1 excluded), or a delta not between
 * 0 and 1
 */
export function certifyNotWorse(rows: readonly PairedRow[], options: NotWorseOptions): NotWorse {
  const { margin, delta, start } = options;
  if (!(margin >= 0 && margin < 1 && delta > 0 && delta < 1)) {
    throw new Fault('rejected', `a margin of ${margin} and a failure probability of ${delta} make no claim`);
  }
  const order = testOrder(thresholdsOf(rows), start);
  const failed = order.findIndex(
    ({ better, worse }) => !(notWorseChance({ better, worse, rows: rows.length, margin }) <= delta),
  );
  const passed = failed === -1 ? order : order.slice(0, failed);
  const lowest = passed.at(-1);
  if (lowest !== undefined) return { verdict: 'certified', rows: rows.length, ...lowest, passed };
  const { kept, better, worse } = order[0] ?? NOTHING_KEPT;
  const reason =
    `Of the ${kept} most certain requests of ${rows.length} the small model alone is right in ${better} and the big model ` +
    `alone in ${worse}: too little to show that a cascade loses ${margin === 0 ? 'nothing' : `at most ${100 * margin} %`}.`;
  return { verdict: 'not_shown', rows: rows.length, reason };
}

function testOrder(thresholds: readonly PairedThreshold[], start?: number): readonly PairedThreshold[] {
  if (start === undefined) {
    const least = firstAccepted(thresholds.at(-1)?.kept ?? 0);
    return thresholds.filter(({ kept }) => kept >= least);
  }
  const { kept, better, worse } = thresholds.findLast(({ threshold }) => threshold >= start) ?? NOTHING_KEPT;
  const lower = thresholds.filter(({ threshold }) => threshold < start);
  return [{ threshold: start, kept, better, worse }, ...lower];
}

const NOTHING_KEPT = { kept: 0, better: 0, worse: 0 };

function thresholdsOf(rows: readonly PairedRow[]): PairedThreshold[] {
  const thresholds: PairedThreshold[] = [];
  const sorted = rows.toSorted((a, b) => b.score - a.score);
  let [better, worse] = [0, 0];
  for (const [at, { score, smallRight, bigRight }] of sorted.entries()) {
    if (!Number.isFinite(score)) throw new Fault('rejected', `a score of ${score} cannot be compared`);
    better += smallRight && !bigRight ? 1 : 0;
    worse += bigRight && !smallRight ? 1 : 0;
    if (sorted[at + 1]?.score !== score) thresholds.push({ threshold: score, kept: at + 1, better, worse });
  }
  return thresholds;
}

/**
 * How likely so good an outcome would be if the loss were as large as the margin, or larger: the p-value of "worse by more
 * than the margin".
 *
 * At margin 0 it is exact: the sign test on the requests where just one model is right, also known as McNemar's exact test.
 * Above it is Tango's score test (Statistics in Medicine 1998, 17:891), a normal approximation with the variance that the
 * margin itself implies, so that it also holds where the models hardly ever differ; no exact test is simple there.
 */
export function notWorseChance(outcome: {
  readonly better: number;
  readonly worse: number;
  readonly rows: number;
  readonly margin: number;
}): number {
  const { better, worse, margin } = outcome;
  return margin === 0 ? binomialCdf(worse, better + worse, 0.5) : normalCdf(lossScore(outcome));
}

/**
 * Tango's score of "the loss is `margin`", standard normal where that is so and lower the less was lost; of a margin under 0,
 * which asks for a gain, it is that of the outcome seen from the other side. 0 where nothing differs and the margin is 0.
 */
export function lossScore(outcome: {
  readonly better: number;
  readonly worse: number;
  readonly rows: number;
  readonly margin: number;
}): number {
  const { better, worse, rows, margin } = outcome;
  if (margin < 0) return -lossScore({ better: worse, worse: better, rows, margin: -margin });
  const lost = worse - better - rows * margin;
  return lost === 0 ? 0 : lost / Math.sqrt(rows * lossVariance(outcome));
}

/** Variance of one request's difference if the loss were the margin, 0 or more, and all else as it was seen. */
export function lossVariance(outcome: {
  readonly better: number;
  readonly worse: number;
  readonly rows: number;
  readonly margin: number;
}): number {
  const { better, worse, rows, margin } = outcome;
  const linear = (2 * rows + better - worse) * margin - better - worse;
  const root = Math.sqrt(linear ** 2 + 8 * rows * better * margin * (1 - margin));
  return (root - linear) / (2 * rows) + margin * (1 - margin);
}
