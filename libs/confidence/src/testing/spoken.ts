import { type AlignedTokens, align, type ScoredToken } from '../aligned-tokens.js';

/** A token with its probability, and others that were listed at its place. */
export type Piece = readonly [text: string, probability: number, siblings?: Readonly<Record<string, number>>];

/** Tokens as an endpoint lists them: the chosen one among its siblings. */
export const tokensOf = (...pieces: readonly Piece[]): ScoredToken[] =>
  pieces.map(([text, probability, siblings = {}]) => ({
    bytes: Buffer.from(text),
    logprob: Math.log(probability),
    top: Object.entries({ [text]: probability, ...siblings }).map(([each, of]) => ({
      text: each,
      logprob: Math.log(of),
    })),
  }));

/** A text in the tokens that it was said in. */
export function spoken(text: string, ...pieces: readonly Piece[]): AlignedTokens {
  const found = align(text, tokensOf(...pieces));
  if (found === undefined) throw new Error('the pieces do not make up the text');
  return found;
}
