interface WireToken {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
  readonly top_logprobs: readonly {
    readonly token: string;
    readonly logprob: number;
    readonly bytes: readonly number[];
  }[];
}

/**
 * A text in tokens of at most four letters, as an endpoint would list them. Structure is certain, letters and digits are
 * `certainty` probable.
 */
export function tokensOf(text: string, certainty: number): readonly WireToken[] {
  const pieces = text.match(/[\p{L}\p{N}_]{1,4}|\s?[^\p{L}\p{N}_\s]+|\s+/gu) ?? [];
  return pieces.map((token) => {
    const logprob = /[\p{L}\p{N}]/u.test(token) ? Math.log(certainty) : -1e-6;
    const bytes = [...Buffer.from(token)];
    return { token, logprob, bytes, top_logprobs: [{ token, logprob, bytes }] };
  });
}
