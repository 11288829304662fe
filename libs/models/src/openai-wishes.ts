import { BadRequestError, UnprocessableEntityError } from 'openai';

/** What is asked of an endpoint beyond an answer. Not every one grants every wish. */
export interface Wishes {
  /** How many of the likeliest tokens may be asked for at each place; 0: no log-probabilities. */
  readonly topTokens: number;
  /** An answer that is held to the JSON schema while it is written; otherwise the prompt describes it. */
  readonly schema: boolean;
  /** Temperature 0; some models have no choice. */
  readonly temperature: boolean;
  readonly tokenLimit: 'max_tokens' | 'max_completion_tokens';
}

export const everything: Wishes = {
  topTokens: 20,
  schema: true,
  temperature: true,
  // The older name is the one that every server knows.
  tokenLimit: 'max_tokens',
};

/** The longest list of likely tokens that every endpoint gives which gives one. */
const LEAST_TOP = 5;

/** What a refusal names, and what to do without. The first row that fits and can still give something up counts. */
const concessions: readonly (readonly [RegExp, (wishes: Wishes) => Wishes | false])[] = [
  // Some mind how many alone.
  [
    /top_logprobs|logprobs.*\d/i,
    (wishes) => wishes.topTokens > LEAST_TOP && { ...wishes, topTokens: LEAST_TOP },
  ],
  [/logprobs/i, (wishes) => wishes.topTokens > 0 && { ...wishes, topTokens: 0 }],
  [
    /response_format|json_schema|structured output/i,
    (wishes) => wishes.schema && { ...wishes, schema: false },
  ],
  [
    /max_tokens|max_completion_tokens/i,
    (wishes) => wishes.tokenLimit === 'max_tokens' && { ...wishes, tokenLimit: 'max_completion_tokens' },
  ],
  [/temperature/i, (wishes) => wishes.temperature && { ...wishes, temperature: false }],
];

/** Characters of a refusal that are read: what is minded stands first, and later an echo of the prompt may follow. */
const READ_CHARACTERS = 400;

/** The wishes without the one that the endpoint refused; undefined when it refused for another reason. */
export function concede(wishes: Wishes, error: unknown): Wishes | undefined {
  if (!(error instanceof BadRequestError || error instanceof UnprocessableEntityError)) return undefined;
  // The library puts the status in front.
  const message = error.message.replace(/^\d{3} /, '').slice(0, READ_CHARACTERS);
  const complaint = `${error.param ?? ''} ${message}`;
  for (const [named, without] of concessions) {
    const fewer = named.test(complaint) && without(wishes);
    if (fewer) return fewer;
  }
  return undefined;
}
