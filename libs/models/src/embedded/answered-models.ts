import { Fault } from '@spillway/contracts/fault';
import type { Pack } from '@spillway/pack/pack';
import type {
  Completion,
  LanguageModel,
  OwnConfidence,
  Prompt,
  StepInput,
  StepName,
} from '../language-model.js';
import { embeddedFingerprints } from './fingerprint.js';

/** What an embedded model answers: the text that a language model would have been asked for, and how sure it is. */
export interface Answer {
  readonly text: string;
  readonly confidence: OwnConfidence;
}

export interface EmbeddedModels {
  readonly small: LanguageModel;
  readonly big: LanguageModel;
}

/** Characters that one token of a language model holds on average in European languages. */
const CHARACTERS_PER_TOKEN = 4;
const tokensOf = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_TOKEN);

const usageOf = (prompt: Prompt, answer: string): Completion['usage'] => ({
  inputTokens: BigInt(prompt.estimatedInputTokens ?? tokensOf(prompt.system.length + prompt.user.length)),
  cachedInputTokens: 0n,
  outputTokens: BigInt(tokensOf(answer.length)),
  reasoningTokens: 0n,
  estimated: true,
});

/** Answers a step, here or elsewhere. Rejects or throws only with Fault. */
export type Answering = (step: StepName, input: StepInput) => Answer | Promise<Answer>;

function modelOf(tier: 'small' | 'big', pack: Pack, answering: Answering): LanguageModel {
  const listed = pack.models.find((model) => model.driver === 'embedded' && model.tier === tier);
  const fingerprint = embeddedFingerprints(tier, pack);
  return {
    name: listed?.name ?? `embedded-${tier}`,
    embedded: true,
    async complete(prompt, signal) {
      if (signal.aborted) throw Fault.from(signal.reason);
      const { step } = prompt;
      if (step === 'judge') {
        throw new Fault('misconfigured', 'embedded models are no language models: they compare no replies');
      }
      const { text, confidence } = await answering(step, prompt.input);
      return {
        text,
        confidence,
        usage: usageOf(prompt, text),
        finishReason: 'stop',
        fingerprint: fingerprint(step),
        attempts: 1,
      };
    },
  };
}

/** The two models of a pack, whose answers are worked out by others. */
export const modelsAnsweredBy = (
  pack: Pack,
  { small, big }: { readonly small: Answering; readonly big: Answering },
): EmbeddedModels => ({ small: modelOf('small', pack, small), big: modelOf('big', pack, big) });
