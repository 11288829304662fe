import { Fault } from '@spillway/contracts/fault';

/**
 * What is kept of all shadow labels since a threshold came into force: plain data, the same after a round trip through
 * JSON.
 */
export interface DriftState {
  readonly labels: number;
  readonly errors: number;
  /** Of Shiryaev and Roberts: 0 at first, around the number of labels while all is well, and steep after a change. */
  readonly statistic: number;
  /** Of gamblers who each bet one coin from the first label on that the share of errors is another one above the level. */
  readonly wealth: readonly number[];
}

export interface ShadowOutcome {
  readonly wrong: boolean;
  /**
   * 1 where every accepted row had the same chance of being sampled at the time, else the lowest rate over this row's:
   * rows that are sampled more often count for less.
   */
  readonly weight?: number;
}

/**
 * Where the statistic rings by default. While the share of errors is at most the level, whatever else changes, the mean number of
 * labels to a false alarm is at least this, and the chance of one within L labels at most L over this: a tenth in a year
 * of 200 labels a month.
 */
export const ALARM_AT = 24_000;

const GAMBLERS = 16;

export const UNDRIFTED: DriftState = {
  labels: 0,
  errors: 0,
  statistic: 0,
  wealth: Array.from({ length: GAMBLERS }, () => 1),
};

/** The share of errors that each gambler bets on: even steps of a Beta(1, 9) above the level. */
const suspicion = (level: number, gambler: number) =>
  1 - (1 - level) * (1 - (gambler + 0.5) / GAMBLERS) ** (1 / 9);

/**
 * What one coin becomes at one label when it is bet on a share of errors instead of the level: at equal chances of
 * sampling the likelihood ratio of the two. Its mean is at most 1 while the share is at most the level.
 */
export const payout = (level: number, share: number, gain: number) =>
  1 + ((share - level) / (level * (1 - level))) * gain;

const finite = (amount: number) => Math.min(Number.MAX_VALUE, amount);

/**
 * Takes in one label. The detector is that of Shiryaev and Roberts as an e-detector (Shin, Ramdas and Rinaldo 2023),
 * set to find a doubled level soonest, and may be read after every label. Each label counts once, in the order in which
 * the rows were accepted or any that does not depend on the labels.
 *
 * @param level highest share of errors that is no alarm: the certificate's target
 * @throws Fault `rejected` unless 0 < level < 0.5 and 0 < weight <= 1
 */
export function observe(state: DriftState, outcome: ShadowOutcome, level: number): DriftState {
  const { wrong, weight = 1 } = outcome;
  if (!(level > 0 && level < 0.5)) throw new Fault('rejected', `no alarm can be set at a level of ${level}`);
  if (!(weight > 0 && weight <= 1)) throw new Fault('rejected', `${weight} is not a weight of a label`);
  const gain = weight * ((wrong ? 1 : 0) - level);
  return {
    labels: state.labels + 1,
    errors: state.errors + (wrong ? 1 : 0),
    statistic: finite((1 + state.statistic) * payout(level, 2 * level, gain)),
    wealth: state.wealth.map((coins, gambler) =>
      finite(coins * payout(level, suspicion(level, gambler), gain)),
    ),
  };
}

/** Whether the share of errors is to be taken as above the level. */
export function alarmed({ statistic }: DriftState, alarmAt: number = ALARM_AT): boolean {
  return statistic >= alarmAt;
}

/**
 * Evidence against "the share of errors was at most the level all the time" (an e-process by a Beta mixture): while that
 * is true, the chance that it ever reaches 1/δ is at most δ. For the record: after a long good time it is slow, which the
 * statistic is not.
 */
export function evidence({ wealth }: DriftState): number {
  return wealth.reduce((sum, coins) => sum + coins / GAMBLERS, 0);
}
