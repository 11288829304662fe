import { type ConfidenceFit, confidenceOf } from '@spillway/confidence/fit';
import { publishable } from '@spillway/confidence/score';
import { ConfidenceSource, Mood } from '@spillway/contracts/model';
import type { Pack } from '@spillway/pack/pack';
import type { Completion, LanguageModel, StepName } from './language-model.js';
import type { StepAnswer } from './steps/answer.js';
import type { ConfidenceInit } from './steps/confidence.js';
import { promptVersion, type StepPrompt } from './steps.js';

/** What is asked beside one answer to know how sure a model is of it. */
export interface Signals {
  /** Answers that are asked for; 1: the answer's own probabilities say it. */
  readonly samples: number;
  /** Says how likely it finds the label that was given. */
  readonly secondOpinion?: LanguageModel;
}

export interface AnswerToWeigh {
  readonly pack: Pack;
  readonly step: StepName;
  /** For the second opinion: the prompt that the answer is to. */
  readonly prompt: () => StepPrompt;
  readonly model: LanguageModel;
  readonly signals: Signals;
  readonly completion: Completion;
  readonly answer: StepAnswer;
}

export interface Weighed {
  readonly confidence: ConfidenceInit;
  /** What the confidence is comparable with, such as `gpt-4o-2024-08-06|fp_ab12|json_schema|logprobs:20|prompt:3f9c1a2b`. */
  readonly fingerprint: string;
}

/**
 * How sure one may be of an answer: what it says of itself, a second opinion where there is one, and what the pack has
 * fitted to answers of this step. A fit counts only for answers of its own fingerprint: the same model, prompt, constraint
 * and kind of signal. Rejects with what the second opinion's model throws.
 */
export async function weigh(asked: AnswerToWeigh): Promise<Weighed> {
  const { pack, step, prompt, model, signals, completion, answer } = asked;
  if (model.embedded) {
    const { fingerprint } = completion;
    return { fingerprint, confidence: calibrated(answer.confidence, pack.fits[step], fingerprint) };
  }
  const opinion = await opinionOn(answer, prompt, signals);
  const fingerprint = [
    completion.fingerprint,
    `prompt:${promptVersion(step, pack)}`,
    ...(signals.samples > 1 ? [`samples:${signals.samples}`] : []),
    ...(opinion === undefined ? [] : [`second:${opinion.trained}`]),
  ].join('|');
  const confidence =
    opinion === undefined
      ? answer.confidence
      : {
          ...answer.confidence,
          features: publishable({ ...answer.confidence.features, second_opinion: opinion.probability }),
        };
  return { fingerprint, confidence: calibrated(confidence, pack.fits[step], fingerprint) };
}

function calibrated(
  confidence: ConfidenceInit,
  fit: ConfidenceFit | undefined,
  fingerprint: string,
): ConfidenceInit {
  const { raw, features = {} } = confidence;
  if (fit === undefined || raw === undefined || fit.fingerprint !== fingerprint) return confidence;
  return { ...confidence, calibrated: confidenceOf(fit, raw, features), isCalibrated: true };
}

interface Opinion {
  /** Of the label that was given; 0 for one that is not among the likeliest. */
  readonly probability: number;
  /** Tells apart what gave it. */
  readonly trained: string;
}

const moods: Readonly<Record<Mood, string>> = {
  [Mood.UNSPECIFIED]: '',
  [Mood.NEGATIVE]: 'negative',
  [Mood.NEUTRAL]: 'neutral',
  [Mood.POSITIVE]: 'positive',
};

function labelOf({ result }: StepAnswer): string | undefined {
  if (result.case === 'classification') return result.value.label;
  return result.case === 'sentiment' ? moods[result.value.mood ?? Mood.UNSPECIFIED] : undefined;
}

async function opinionOn(
  answer: StepAnswer,
  prompt: () => StepPrompt,
  { secondOpinion }: Signals,
): Promise<Opinion | undefined> {
  const label = labelOf(answer);
  if (secondOpinion === undefined || label === undefined) return undefined;
  // The answer is paid for: it is weighed and recorded even where nobody waits for it any more.
  const { confidence, fingerprint } = await secondOpinion.complete(prompt(), new AbortController().signal);
  const found = confidence?.alternatives.find((each) => each.label === label);
  return { probability: found?.probability ?? 0, trained: fingerprint.split(':').at(-1) ?? '' };
}

/**
 * Why no answer of this endpoint can have a confidence; undefined where this one may be an exception, or has one. Many
 * endpoints take the wish for log-probabilities and drop it.
 */
export function silenceOf({ source, features = {} }: ConfidenceInit): string | undefined {
  if (source !== ConfidenceSource.NONE) return undefined;
  if (features['past_one'] === 1) return 'its probabilities add up to more than one';
  if (features['unaligned'] === 1) return 'its tokens are not those of its answer';
  const ofProbabilities = Object.keys(features).filter((name) => name !== 'off_schema');
  return ofProbabilities.length === 0 ? 'it gives no log-probabilities' : undefined;
}
