import { createHash } from 'node:crypto';
import type { Prompt, StepInput, StepName } from '@spillway/models/language-model';
import {
  type Calls,
  callIdOf,
  type ModelTier,
  type RunnerOptions,
  type StepCompletedInit,
  stepRunner,
} from '@spillway/models/runner';
import { promptFor } from '@spillway/models/steps';
import { sourceOf } from '@spillway/models/train';
import type { Pack } from '@spillway/pack/pack';
import type { CallCache } from './call-cache.js';

export interface AnswerOptions {
  readonly pack: Pack;
  readonly models: RunnerOptions['models'];
  readonly calls: Calls;
  readonly step: StepName;
  readonly tier: ModelTier;
  /** What distinguishes the model from others of its name: its address and the name that the endpoint knows it by. */
  readonly identity: string;
  /** Which of several answers to the same input this is; 0 when left out. */
  readonly repetition?: number;
  /** Calls at a time. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly onAnswer?: (done: number) => void;
}

type InputNames = Pick<AnswerOptions, 'pack' | 'models' | 'step' | 'tier' | 'identity' | 'repetition'>;

/**
 * The id of an input by everything known beforehand that its answer follows from: model, prompt, samples and second opinion.
 * What only the answer tells, such as the server's own version, is in its fingerprint. What is fitted to confidences is no
 * part of it, since it can be applied to an answer that is there.
 */
function inputIdOf(
  { pack, models, step, tier, identity, repetition = 0 }: InputNames,
  input: StepInput,
): string {
  const { system, user, schema, maxOutputTokens } = promptFor(step, input, pack, '');
  const { samples, secondOpinion } = models.signals?.(step, tier) ?? { samples: 1 };
  const beside = [
    ...(samples === 1 ? [] : [`samples:${samples}`]),
    ...(secondOpinion === undefined ? [] : [`second:${sourceOf(pack)}`]),
    ...(repetition === 0 ? [] : [`repetition:${repetition}`]),
  ];
  return createHash('sha256')
    .update(JSON.stringify([identity, step, system, user, schema ?? null, maxOutputTokens, ...beside]))
    .digest('hex')
    .slice(0, 40);
}

/** Answers still to be had. */
export interface Unanswered {
  /** One for each. Inputs that are alike are asked once. */
  readonly prompts: readonly Prompt[];
  /** Inputs whose answer is there already, or comes with that of another. */
  readonly known: number;
}

/** What {@link answerAll} would ask an endpoint for these inputs, given the answers that are there already. */
export function unanswered(
  options: InputNames & { readonly calls: Pick<CallCache, 'has'> },
  inputs: readonly StepInput[],
): Unanswered {
  const { pack, step, tier, calls } = options;
  const asked = new Map<string, StepInput>();
  for (const input of inputs) {
    const callId = callIdOf({ messageId: inputIdOf(options, input), step, tier });
    if (!calls.has(callId)) asked.set(callId, input);
  }
  const prompts = [...asked].map(([callId, input]) => promptFor(step, input, pack, callId));
  return { prompts, known: inputs.length - prompts.length };
}

/**
 * Has one step's model answer many inputs, by the code that answers customers: the same prompt, parsing and confidence.
 * The answers come in the order of the inputs; one that failed is among them as a failure.
 *
 * @throws Fault `cancelled` when the signal is aborted: what was answered by then is in `calls`
 */
export async function answerAll(
  options: AnswerOptions,
  inputs: readonly StepInput[],
): Promise<readonly StepCompletedInit[]> {
  const { pack, models, calls, step, tier, concurrency, signal, onAnswer } = options;
  const runner = stepRunner({ pack, models, calls, now: Date.now });
  const answers = new Array<StepCompletedInit>(inputs.length);
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    for (let at = next++; at < inputs.length; at = next++) {
      const input = inputs[at] as StepInput;
      const messageId = models.for(step, tier).embedded ? String(at) : inputIdOf(options, input);
      const request = { step, tier, conversationId: 'eval', messageId, input };
      answers[at] = await runner.run(request, signal);
      done += 1;
      onAnswer?.(done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, inputs.length) }, work));
  return answers;
}
