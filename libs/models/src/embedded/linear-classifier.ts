import { applyPlatt, fitPlatt, type Platt } from '@spillway/confidence/platt';
import { fitTemperature, temper } from '@spillway/confidence/temperature';
import {
  type Familiarity,
  fitTypicality,
  type Typicality,
  temperedByTypicality,
  typicalityOf,
} from '@spillway/confidence/typicality';
import type { Softmax } from './linear-softmax.js';

/** What a classifier says about one text. */
export interface Prediction {
  readonly label: string;
  /** Highest softmax probability, as the linear model gives it. */
  readonly raw: number;
  /** Probability, 0 to 1, that `label` is right; low for a text unlike the examples. */
  readonly calibrated: number;
  /**
   * The likeliest labels, at most four, falling; the first is `label` with its calibrated probability. What is missing
   * to 1 belongs to labels further down, or to none: a text unlike all examples.
   */
  readonly alternatives: readonly { readonly label: string; readonly probability: number }[];
}

/** How scores become probabilities. */
export interface Calibration {
  /** Of the distribution over the labels. */
  readonly temperature: number;
  readonly typicality: Typicality;
  /** Of the confidence in the first label. */
  readonly platt: Platt;
}

/** A softmax regression over labels, and how sure one may be of it. */
export interface Classifier {
  readonly labels: readonly string[];
  /** Number of the label of texts that no other label covers; -1 without one. To be a stranger speaks for it. */
  readonly outOfScope: number;
  /** Whether the signals of the writer's mood follow the vocabulary's features. */
  readonly signals: boolean;
  readonly softmax: Softmax;
  readonly calibration: Calibration;
}

/** What an uncalibrated classifier said about a text that it had not seen. */
export interface Judgement {
  readonly scores: Float64Array;
  readonly familiarity: Familiarity;
}

function likeliest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < scores.length; k += 1) {
    if ((scores[k] as number) > (scores[best] as number)) best = k;
  }
  return best;
}

/**
 * The confidence in one label that platt scaling is fitted to and applied to. Scores are tempered half-way: the fitted
 * temperature parts right from wrong best, none parts known from unknown best.
 */
function confidence(
  { scores, familiarity }: Judgement,
  label: number,
  { temperature, typicality }: Omit<Calibration, 'platt'>,
  outOfScope: number,
): number {
  const probability = temper(scores, Math.sqrt(temperature))[label] as number;
  if (label === outOfScope) return probability;
  return temperedByTypicality(probability, typicalityOf(typicality, familiarity));
}

/** Calibrates on judgements of texts that the judging model had not seen. */
export function calibrate(
  judgements: readonly Judgement[],
  labels: Int32Array,
  outOfScope: number,
): Calibration {
  const inScope = judgements.filter((_, at) => labels[at] !== outOfScope);
  const scores = judgements.map((one) => one.scores);
  const shape = {
    temperature: fitTemperature(scores, labels),
    typicality: fitTypicality(inScope.map(({ familiarity }) => familiarity)),
  };
  const chosen = scores.map(likeliest);
  const platt = fitPlatt(
    judgements.map((one, at) => confidence(one, chosen[at] as number, shape, outOfScope)),
    chosen.map((label, at) => label === labels[at]),
  );
  return { ...shape, platt };
}

const SHOWN = 4;

/** The numbers of the largest entries, falling; of equal ones the first. */
function largest(distribution: Float64Array, wanted: number): number[] {
  const found: number[] = [];
  for (let label = 0; label < distribution.length; label += 1) {
    const probability = distribution[label] as number;
    let at = found.length;
    while (at > 0 && (distribution[found[at - 1] as number] as number) < probability) at -= 1;
    if (at >= wanted) continue;
    found.splice(at, 0, label);
    if (found.length > wanted) found.pop();
  }
  return found;
}

/** The likeliest labels by a distribution, the first with a probability of its own. */
function alternativesOf(labels: readonly string[], distribution: Float64Array, first: number) {
  const order = largest(distribution, SHOWN);
  const top = distribution[order[0] as number] as number;
  // The others share what the first leaves, but a doubt about the first alone does not make them likelier.
  const share = first <= top ? first / top : (1 - first) / (1 - top);
  return order.map((label, rank) => ({
    label: labels[label] as string,
    probability: rank === 0 ? first : share * (distribution[label] as number),
  }));
}

/** Turns a classifier's scores into its answer. */
export function judge(classifier: Classifier, judgement: Judgement): Prediction {
  const { labels, outOfScope, calibration } = classifier;
  const { scores } = judgement;
  const label = likeliest(scores);
  const calibrated = applyPlatt(calibration.platt, confidence(judgement, label, calibration, outOfScope));
  return {
    label: labels[label] as string,
    raw: temper(scores, 1)[label] as number,
    calibrated,
    alternatives: alternativesOf(labels, temper(scores, calibration.temperature), calibrated),
  };
}
