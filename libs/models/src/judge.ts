import { Fault } from '@spillway/contracts/fault';
import type { Pack } from '@spillway/pack/pack';
import { fill } from '@spillway/pack/template';
import { z } from 'zod';
import type { Completion, Prompt, StepInput } from './language-model.js';
import { answerOf, fitted } from './steps/answer.js';
import { fenced, knownLocale, quotedSubject } from './steps/prompt.js';
import { objectSchema } from './steps/schema.js';

const PREFERENCES = ['first', 'second', 'neither'] as const;

/** Which of two replies a judge finds better. */
export type Preference = (typeof PREFERENCES)[number];

const shape = z.object({ better: z.enum(PREFERENCES) });
const schema = objectSchema({ better: { type: 'string', enum: PREFERENCES } });

/** The answer's JSON fits in a few tokens; models that think first need more of them. */
const MAX_OUTPUT_TOKENS = 1_024;

/** A message and two replies to it, in the order in which the judge reads them. */
export interface ReplyPair {
  readonly input: StepInput;
  readonly first: string;
  readonly second: string;
}

/**
 * The prompt that asks which of two replies is better. The message and both replies are a stranger's words and go in as
 * data, between fences longer than any in them.
 *
 * @throws Fault `misconfigured` where the pack has no `prompts/judge.yaml`
 */
export function judgePrompt(pack: Pack, { input, first, second }: ReplyPair, callId: string): Prompt {
  const { judge, brand } = pack;
  if (judge === undefined) {
    throw new Fault('misconfigured', 'the pack does not say how replies are compared', {
      problems: [{ where: 'prompts/judge.yaml', message: 'is missing' }],
    });
  }
  const values = {
    company: brand.company,
    voice: brand.voice,
    locale: knownLocale(input.locale),
    subject: quotedSubject(input.subject),
    text: fenced(input.text),
    first: fenced(first),
    second: fenced(second),
  };
  return {
    step: 'judge',
    system: fill(judge.system, values).text,
    user: fill(judge.user, values).text,
    schema,
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    temperature: 0,
    topTokens: 0,
    input,
    callId,
  };
}

/** Reads a judge's answer. Throws `malformed`, `too_large` or `rejected` as the answers of steps do. */
export const readPreference = (completion: Completion): Preference =>
  fitted(answerOf(completion), shape).better;
