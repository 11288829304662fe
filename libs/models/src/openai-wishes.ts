import { BadRequestError, UnprocessableEntityError } from 'openai';

/** What is asked of an endpoint beyond an answer. Not every one grants every wish. */
export interface Wishes {
  readonly logprobs: boolean;
  /** An answer that is held to the JSON schema while it is written; otherwise the prompt describes it. */
  readonly schema: boolean;
  /** Temperature 0; some models have no choice. */
  readonly temperature: boolean;
  readonly tokenLimit: 'max_tokens' | 'max_completion_tokens';
}

export const everything: Wishes = {
  logprobs: true,
  schema: true,
  temperature: true,
  // The older name is the one that every server knows.
  tokenLimit: 'max_tokens',
};

/** What a refusal names, and what to do without. The first row that fits and can still give something up counts. */
const concessions: readonly (readonly [RegExp, (wishes: Wishes) => Wishes | false])[] = [
  [/logprobs/i, (wishes) => wishes.logprobs && { ...wishes, logprobs: false }],
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
  const complaint = `${error.param ?? ''} ${error.message.slice(0, READ_CHARACTERS)}`;
  for (const [named, without] of concessions) {
    const fewer = named.test(complaint) && without(wishes);
    if (fewer) return fewer;
  }
  return undefined;
}
