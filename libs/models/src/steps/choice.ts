import { type LabelProbability, labelScore, type Spellings } from '@spillway/confidence/label-score';
import { ConfidenceSource } from '@spillway/contracts/model';
import { type Answer, placedValues } from './answer.js';
import { type ConfidenceInit, ownConfidence, scoredConfidence } from './confidence.js';

/** Other labels that are worth passing on. */
const MAX_ALTERNATIVES = 4;

interface Choice {
  readonly confidence: ConfidenceInit;
  /** The likeliest other labels, falling. */
  readonly alternatives: readonly LabelProbability[];
}

/**
 * How sure a model is of `chosen`, which stands at `pointer` of its answer, among a closed set of labels.
 *
 * What a model says before its answer settles it: the label then follows from the words, and its probability says nothing
 * of whether they are right. Such an answer gets no confidence, and its feature `chatty` says why.
 */
export function choiceOf(answer: Answer, pointer: string, chosen: string, spellings: Spellings): Choice {
  if (answer.own !== undefined) {
    return { confidence: ownConfidence(answer.own), alternatives: others(answer.own.alternatives, chosen) };
  }
  const placed = placedValues(answer);
  const span = placed.spans?.get(pointer);
  if (placed.spans === undefined || span === undefined) {
    const unknown = { features: placed.features };
    return { confidence: scoredConfidence(unknown, ConfidenceSource.LOGPROBS), alternatives: [] };
  }
  const { raw, features, probabilities } = labelScore(placed.aligned, span, spellings);
  const score =
    answer.chatty || raw === undefined
      ? { features: { ...features, ...(answer.chatty ? { chatty: 1 } : {}) } }
      : { raw, features };
  return {
    confidence: scoredConfidence(score, ConfidenceSource.LOGPROBS),
    alternatives: others(probabilities, chosen),
  };
}

const others = (scores: readonly LabelProbability[], chosen: string): LabelProbability[] =>
  scores.filter(({ label }) => label !== chosen).slice(0, MAX_ALTERNATIVES);
