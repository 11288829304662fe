import { addsUpPastOne, align } from '@spillway/confidence/aligned-tokens';
import { valueSpans } from '@spillway/confidence/json-spans';
import { labelScore } from '@spillway/confidence/label-score';
import type { Completion, LanguageModel, Prompt } from './language-model.js';
import { objectSchema } from './steps/schema.js';

/** What an endpoint really gives, whatever it takes without complaint. */
export interface EndpointProbe {
  /** `held`: the answer fits a schema that nothing but the schema asks for. `refused`: the prompt must describe it. */
  readonly schema: 'held' | 'ignored' | 'refused';
  /**
   * Of the log-probabilities: `none` came; they are `past one`, or of `other text` than the answer; or they are there,
   * from `before` the schema narrowed the choice or `after` it, which is `unknown` where the schema was not held.
   */
  readonly logprobs: 'none' | 'past one' | 'other text' | 'before' | 'after' | 'unknown';
  /** The longest list of likely tokens that came. */
  readonly topTokens: number;
  /** Whether tokens come with their bytes. */
  readonly bytes: boolean;
  /** What the call used; absent where the endpoint does not say, and nothing that it costs is known. */
  readonly usage?: Completion['usage'];
  readonly fingerprint: string;
}

const CODES = ['A', 'B'];
const codes = new Map(CODES.map((code) => [code, code]));

/** Greets when it is left to itself, and says A or B only where the schema holds it to. */
const prompt = (callId: string): Prompt => ({
  step: 'classify',
  system: 'Greet the reader in one short sentence.',
  user: 'Hello!',
  schema: objectSchema({ label: { type: 'string', enum: CODES } }),
  maxOutputTokens: 64,
  temperature: 0,
  topTokens: 20,
  input: { text: 'Hello!', subject: '', locale: 'en', receivedAtMs: 0 },
  callId,
});

/** Above it nothing but the codes was possible. */
const WHOLE_MASS = 0.99;

/** Finds out with one call what an endpoint gives. Rejects with what the call ends in. */
export async function probeEndpoint(
  model: LanguageModel,
  callId: string,
  signal: AbortSignal,
): Promise<EndpointProbe> {
  const completion = await model.complete(prompt(callId), signal);
  const { granted, tokens = [], usage, fingerprint } = completion;
  const isHeld = fits(completion.text);
  return {
    schema: granted?.schema === false ? 'refused' : isHeld ? 'held' : 'ignored',
    logprobs: kindOf(completion, granted?.schema === true && isHeld),
    topTokens: Math.max(0, ...tokens.map(({ top }) => top.length)),
    bytes: granted?.bytes ?? false,
    ...(usage.estimated ? {} : { usage }),
    fingerprint,
  };
}

function fits(text: string): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    return (
      typeof answer === 'object' &&
      answer !== null &&
      'label' in answer &&
      CODES.includes(String(answer.label))
    );
  } catch {
    return false;
  }
}

function kindOf({ text, tokens = [] }: Completion, isHeld: boolean): EndpointProbe['logprobs'] {
  if (tokens.length === 0) return 'none';
  if (tokens.some(addsUpPastOne)) return 'past one';
  const aligned = align(text, tokens);
  if (aligned === undefined) return 'other text';
  const span = isHeld ? valueSpans(text).get('/label') : undefined;
  if (span === undefined) return 'unknown';
  return (labelScore(aligned, span, codes).features['label_mass'] ?? 0) > WHOLE_MASS ? 'after' : 'before';
}
