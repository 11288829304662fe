import { type Answer, placedValues } from './answer.js';
import { type ConfidenceInit, logprobConfidence, ownConfidence } from './confidence.js';
import { type LabelProbability, labelProbabilities } from './logprobs.js';

/** Other labels that are worth passing on. */
const MAX_ALTERNATIVES = 4;

interface Choice {
  readonly confidence: ConfidenceInit;
  /** The likeliest other labels, falling. */
  readonly alternatives: readonly LabelProbability[];
}

/** How sure a model is of `chosen`, which stands at `pointer` of its answer, among a closed set of labels. */
export function choiceOf(answer: Answer, pointer: string, chosen: string, labels: readonly string[]): Choice {
  if (answer.own !== undefined) {
    return { confidence: ownConfidence(answer.own), alternatives: others(answer.own.alternatives, chosen) };
  }
  const placed = placedValues(answer);
  const span = placed?.spans.get(pointer);
  const scores = placed && span ? labelProbabilities(placed.aligned, span, labels) : [];
  return {
    confidence: logprobConfidence(scores.find(({ label }) => label === chosen)?.probability),
    alternatives: others(scores, chosen),
  };
}

const others = (scores: readonly LabelProbability[], chosen: string): LabelProbability[] =>
  scores.filter(({ label }) => label !== chosen).slice(0, MAX_ALTERNATIVES);
