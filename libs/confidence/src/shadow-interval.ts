import { Fault } from '@spillway/contracts/fault';
import { clopperPearson, type Interval } from './binomial.js';

/** A row of the shadow sample with its label. */
export interface ShadowLabel {
  readonly wrong: boolean;
  /** At which it was sampled. */
  readonly rate: number;
}

/** What a shadow sample says about the share of wrong answers among all accepted ones. */
export interface ShadowError {
  readonly labels: number;
  readonly errors: number;
  readonly share: number;
  readonly interval: Interval;
  /** Clopper-Pearson where all rates are the same, Korn-Graubard where they differ. */
  readonly method: 'clopper_pearson' | 'korn_graubard';
}

/** The share of Hájek 1971, each label standing for 1 / rate rows, with the variance of its linearisation. */
function weighted(labels: readonly ShadowLabel[]) {
  let [weight, squares, wrong] = [0, 0, 0];
  for (const { wrong: isWrong, rate } of labels) {
    weight += 1 / rate;
    squares += 1 / rate ** 2;
    wrong += isWrong ? 1 / rate : 0;
  }
  const share = wrong / weight;
  let variance = 0;
  for (const { wrong: isWrong, rate } of labels) variance += (((isWrong ? 1 : 0) - share) / rate) ** 2;
  return { share, variance: variance / weight ** 2, equivalent: weight ** 2 / squares };
}

/**
 * The share of wrong answers among accepted ones, with its two-sided interval. At one rate the interval is exact; at
 * different ones it is that of Korn and Graubard 1998: Clopper-Pearson at as many labels as would give the same variance
 * at one rate. A change of one rate over time makes rates differ.
 *
 * @param level of the interval, such as 0.95
 * @throws Fault `rejected` without labels, or for a rate that is not above 0 and at most 1
 */
export function shadowError(labels: readonly ShadowLabel[], level: number): ShadowError {
  const first = labels[0];
  if (first === undefined)
    throw new Fault('rejected', 'no shadow label says nothing about the share of errors');
  const strange = labels.find(({ rate }) => !(rate > 0 && rate <= 1));
  if (strange !== undefined) throw new Fault('rejected', `${strange.rate} is not a rate of sampling`);
  const errors = labels.filter(({ wrong }) => wrong).length;
  const counts = { labels: labels.length, errors };
  if (labels.every(({ rate }) => rate === first.rate)) {
    const interval = clopperPearson(errors, labels.length, level);
    return { ...counts, share: errors / labels.length, interval, method: 'clopper_pearson' };
  }
  const { share, variance, equivalent } = weighted(labels);
  // Without an error, or without a right answer, the variance says nothing; the weights alone do.
  const trials = errors > 0 && errors < labels.length ? (share * (1 - share)) / variance : equivalent;
  const interval = clopperPearson(share * trials, trials, level);
  return { ...counts, share, interval, method: 'korn_graubard' };
}
