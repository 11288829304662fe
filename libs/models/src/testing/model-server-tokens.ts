interface WireToken {
  readonly token: string;
  readonly logprob: number;
  readonly bytes?: readonly number[];
  readonly top_logprobs: readonly Omit<WireToken, 'top_logprobs'>[];
}

/** How an endpoint cuts what it says into tokens, and what it tells of them. */
export type TokenStyle =
  /** At most four letters; structure by itself. */
  | 'plain'
  /** A quote, a colon and the beginning of the value in one. */
  | 'merged'
  /** Two bytes each, so that characters are cut in half. */
  | 'split'
  /** As `split`, and only the text of each: half a character is a replacement sign. */
  | 'no bytes'
  /** Probabilities that add up to more than one. */
  | 'past one';

const pieces: Readonly<Record<TokenStyle, (text: string) => readonly Buffer[]>> = {
  plain: (text) => matched(text, /[\p{L}\p{N}_]{1,4}|\s?[^\p{L}\p{N}_\s]+|\s+/gu),
  merged: (text) => matched(text, /"\s*:\s*"[\p{L}\p{N}_]{1,4}|[\p{L}\p{N}_]{1,4}|[^\p{L}\p{N}_\s]|\s+/gu),
  split: twoBytes,
  'no bytes': twoBytes,
  'past one': (text) => pieces.plain(text),
};

const matched = (text: string, pattern: RegExp): readonly Buffer[] =>
  [...text.matchAll(pattern)].map(([piece]) => Buffer.from(piece));

function twoBytes(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / 2) }, (_, at) => bytes.subarray(2 * at, 2 * at + 2));
}

/**
 * A text in tokens, as an endpoint would list them. Structure is certain, letters and digits are `certainty` probable.
 */
export function tokensOf(text: string, certainty: number, style: TokenStyle): readonly WireToken[] {
  return pieces[style](text).map((piece) => {
    const token = piece.toString();
    const logprob = /[\p{L}\p{N}]/u.test(token) ? Math.log(certainty) : -1e-6;
    const own = { token, logprob, ...(style === 'no bytes' ? {} : { bytes: [...piece] }) };
    const other = style === 'past one' ? [{ token: `${token}?`, logprob, bytes: [...piece, 63] }] : [];
    return { ...own, top_logprobs: [own, ...other] };
  });
}
