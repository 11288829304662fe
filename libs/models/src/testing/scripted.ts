import { Fault } from '@spillway/contracts/fault';
import type { Completion, LanguageModel, Prompt } from '../language-model.js';

/** A completion (what is left out is plausible), a fault to throw, or what makes one from the prompt. */
export type ScriptedReply =
  | Partial<Completion>
  | Fault
  | ((prompt: Prompt, signal: AbortSignal) => Partial<Completion> | Promise<Partial<Completion>>);

export interface ScriptedModel extends LanguageModel {
  /** Every prompt it was given, in order. */
  readonly calls: readonly Prompt[];
}

const plain: Completion = {
  text: '{}',
  usage: {
    inputTokens: 100n,
    cachedInputTokens: 0n,
    outputTokens: 10n,
    reasoningTokens: 0n,
    estimated: false,
  },
  finishReason: 'stop',
  fingerprint: 'scripted',
  attempts: 1,
};

/**
 * A model that answers from a script and records what it was asked. Once the script is over it repeats the last reply.
 *
 * @example
 * const model = scripted([new Fault('throttled', 'later'), { text: '{"label":"refund"}' }]);
 */
export function scripted(
  replies: readonly ScriptedReply[],
  { name = 'scripted', embedded = false }: { name?: string; embedded?: boolean } = {},
): ScriptedModel {
  const calls: Prompt[] = [];
  return {
    name,
    embedded,
    calls,
    async complete(prompt, signal) {
      const reply = replies[Math.min(calls.length, replies.length - 1)];
      calls.push(prompt);
      if (signal.aborted) throw new Fault('cancelled', 'aborted before the call');
      if (reply instanceof Fault) throw reply;
      return { ...plain, ...(typeof reply === 'function' ? await reply(prompt, signal) : reply) };
    },
  };
}
