import type { ScoredToken } from '@spillway/confidence/aligned-tokens';

/** Servers write minus infinity as null or as -9999. */
const NEVER = -9_999;

export interface ReadTokens {
  readonly tokens: readonly ScoredToken[];
  /** Whether every token came with its bytes. */
  readonly haveBytes: boolean;
}

const none: ReadTokens = { tokens: [], haveBytes: false };

/**
 * Reads the log-probabilities of a chat completion's choice. None where they are absent, and none where any part of them
 * is not as it should be. By hand: an answer has a hundred tokens with twenty likely ones each, and checking them with a
 * schema made as many objects again, which was a tenth of all garbage of a message.
 */
export function readTokens(logprobs: unknown): ReadTokens {
  const content = fieldOf(logprobs, 'content');
  if (!Array.isArray(content) || content.length === 0) return none;
  const tokens: ScoredToken[] = [];
  let haveBytes = true;
  for (const each of content) {
    const token = readToken(each);
    if (token === undefined) return none;
    haveBytes &&= each.bytes != null;
    tokens.push(token);
  }
  return { tokens, haveBytes };
}

function readToken(given: unknown): ScoredToken | undefined {
  const text = fieldOf(given, 'token');
  const logprob = logprobOf(fieldOf(given, 'logprob'));
  const bytes = bytesOf(fieldOf(given, 'bytes'), text);
  const top = topOf(fieldOf(given, 'top_logprobs'));
  if (logprob === undefined || bytes === undefined || top === undefined) return undefined;
  return { bytes, logprob, top };
}

function topOf(given: unknown): ScoredToken['top'] | undefined {
  if (given == null) return [];
  if (!Array.isArray(given)) return undefined;
  const top: { text: string; logprob: number }[] = [];
  for (const each of given) {
    const text = fieldOf(each, 'token');
    const logprob = logprobOf(fieldOf(each, 'logprob'));
    if (typeof text !== 'string' || logprob === undefined) return undefined;
    top.push({ text, logprob });
  }
  return top;
}

function bytesOf(given: unknown, text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined;
  if (given == null) return Buffer.from(text);
  if (!Array.isArray(given)) return undefined;
  const bytes = new Uint8Array(given.length);
  for (let at = 0; at < bytes.length; at += 1) {
    const byte: unknown = given[at];
    if (!Number.isInteger(byte) || (byte as number) < 0 || (byte as number) > 255) return undefined;
    bytes[at] = byte as number;
  }
  return bytes;
}

/** Rounding, and servers that give something else for it, write more than 0, which no logarithm of a probability is. */
function logprobOf(given: unknown): number | undefined {
  if (given == null) return NEVER;
  return Number.isFinite(given) ? Math.min(0, given as number) : undefined;
}

const fieldOf = (given: unknown, name: string): unknown =>
  typeof given === 'object' && given !== null ? (given as Record<string, unknown>)[name] : undefined;
