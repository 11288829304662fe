import { Fault } from '@spillway/contracts/fault';
import { crossFit } from './cross-fit.js';
import { applyIsotonic, fitIsotonic, type Isotonic } from './isotonic.js';
import { logit, sigmoid } from './log-odds.js';
import { brierScore, logLoss } from './metrics.js';
import { applyPlatt, fitPlatt, type Platt } from './platt.js';
import { shuffle } from './random.js';
import { fitTemperature } from './temperature.js';

/** How a score becomes the probability of being right: plain data, the same after a round trip through JSON. */
export type Calibrator =
  | { readonly kind: 'identity' }
  /** σ(logit(score) / temperature) */
  | { readonly kind: 'temperature'; readonly temperature: number }
  | ({ readonly kind: 'platt' } & Platt)
  | ({ readonly kind: 'isotonic' } & Isotonic)
  /** The mean of both probabilities: the curve's shape without its ties. */
  | { readonly kind: 'platt_isotonic'; readonly platt: Platt; readonly isotonic: Isotonic };

export type CalibratorKind = Calibrator['kind'];

/**
 * The probability, 0 to 1, that an answer with this score is right. A higher score never gives a lower probability.
 * Scores outside 0 to 1 count as the nearer end. Allocates nothing.
 */
export function applyCalibrator(calibrator: Calibrator, score: number): number {
  const inside = Math.min(1, Math.max(0, score));
  switch (calibrator.kind) {
    case 'identity':
      return inside;
    case 'temperature':
      return sigmoid(logit(inside) / calibrator.temperature);
    case 'platt':
      return applyPlatt(calibrator, inside);
    case 'isotonic':
      return applyIsotonic(calibrator, inside);
    case 'platt_isotonic':
      return (applyPlatt(calibrator.platt, inside) + applyIsotonic(calibrator.isotonic, inside)) / 2;
  }
}

type Fit = (scores: Float64Array, right: readonly boolean[]) => Calibrator;

const fits: Readonly<Record<CalibratorKind, Fit>> = {
  identity: () => ({ kind: 'identity' }),
  temperature: (scores, right) => ({
    kind: 'temperature',
    temperature: fitTemperature(
      Array.from(scores, (score) => [0, logit(score)]),
      right.map(Number),
    ),
  }),
  platt: (scores, right) => ({ kind: 'platt', ...fitPlatt(scores, right) }),
  isotonic: (scores, right) => ({ kind: 'isotonic', ...fitIsotonic(scores, right) }),
  platt_isotonic: (scores, right) => ({
    kind: 'platt_isotonic',
    platt: fitPlatt(scores, right),
    isotonic: fitIsotonic(scores, right),
  }),
};

/** Outcomes from which on a kind may be chosen: the freer its shape, the more it takes to tell shape from chance. */
const enough: Readonly<Record<CalibratorKind, number>> = {
  identity: 0,
  temperature: 0,
  platt: 0,
  platt_isotonic: 1_000,
  isotonic: 2_000,
};

const names: Readonly<Record<CalibratorKind, string>> = {
  identity: 'scores as they are',
  temperature: 'temperature',
  platt: 'Platt scaling',
  platt_isotonic: 'mean of Platt scaling and isotonic regression',
  isotonic: 'isotonic regression',
};

/** How well one kind of calibrator does on rows that it was not fitted to. */
export interface CalibratorCandidate {
  readonly kind: CalibratorKind;
  /** Mean over the held-out rows, in nats. */
  readonly logLoss: number;
  /** Mean over the same rows. */
  readonly brier: number;
  /** Whether there are enough outcomes for it to be chosen. */
  readonly allowed: boolean;
}

export interface CalibratorChoice {
  /** Of the chosen kind, fitted to all outcomes. */
  readonly calibrator: Calibrator;
  /** Why this kind, for a person to read. */
  readonly reason: string;
  /** All kinds, best log loss first. */
  readonly candidates: readonly CalibratorCandidate[];
}

const FOLDS = 10;
const kinds = Object.keys(fits) as CalibratorKind[];

/** Probabilities by each kind for every row, from fits that have not seen the row. */
function heldOut(scores: Float64Array, right: readonly boolean[]): ReadonlyMap<CalibratorKind, number[]> {
  const answers = crossFit(right.map(Number), Math.min(FOLDS, right.length), (learnFrom) => {
    const seen = Float64Array.from(learnFrom, (row) => scores[row] as number);
    const outcomes = Array.from(learnFrom, (row) => right[row] as boolean);
    const calibrators = kinds.map((kind) => fits[kind](seen, outcomes));
    return (row) => calibrators.map((one) => applyCalibrator(one, scores[row] as number));
  });
  return new Map(kinds.map((kind, at) => [kind, answers.map((answer) => answer[at] as number)]));
}

function reasonFor(chosen: CalibratorCandidate, asTheyAre: CalibratorCandidate, rows: number): string {
  const barred = kinds
    .filter((kind) => rows < enough[kind])
    .map((kind) => `${names[kind]} from ${enough[kind]}`);
  const best = `${names[chosen.kind]}: lowest log loss on held-out folds of ${rows} outcomes, ${chosen.logLoss.toFixed(4)}`;
  const before =
    chosen === asTheyAre ? '' : ` against ${asTheyAre.logLoss.toFixed(4)} of the scores as they are`;
  return `${best}${before}${barred.length === 0 ? '' : `; too few outcomes for others (${barred.join(', ')})`}`;
}

/**
 * The calibrator with the lowest log loss on held-out folds, of those whose shape the number of outcomes can carry:
 * temperature and Platt scaling at any number, the mean of Platt scaling and isotonic regression from 1,000, isotonic
 * regression alone from 2,000; scores that nothing improves stay as they are.
 *
 * @param scores 0 to 1, of answers that the model was not trained on
 * @param right whether each answer was right
 * @param random numbers from 0 to 1, to deal the rows to folds: a list may be sorted by what happened
 * @throws Fault `rejected` with fewer than two outcomes
 */
export function chooseCalibrator(
  scores: ArrayLike<number>,
  right: ArrayLike<boolean>,
  random: () => number,
): CalibratorChoice {
  const rows = scores.length;
  if (rows < 2) throw new Fault('rejected', 'a calibrator cannot be chosen on fewer than two outcomes');
  const order = Int32Array.from({ length: rows }, (_, at) => at);
  shuffle(order, random);
  const dealt = Float64Array.from(order, (at) => scores[at] as number);
  const outcomes = Array.from(order, (at) => right[at] as boolean);
  const candidates = [...heldOut(dealt, outcomes)]
    .map(([kind, probabilities]) => ({
      kind,
      logLoss: logLoss(probabilities, outcomes),
      brier: brierScore(probabilities, outcomes),
      allowed: rows >= enough[kind],
    }))
    .sort((a, b) => a.logLoss - b.logLoss);
  const chosen = candidates.find(({ allowed }) => allowed) as CalibratorCandidate;
  const asTheyAre = candidates.find(({ kind }) => kind === 'identity') as CalibratorCandidate;
  return {
    calibrator: fits[chosen.kind](dealt, outcomes),
    reason: reasonFor(chosen, asTheyAre, rows),
    candidates,
  };
}
