export type LogFormat = 'openai-chat' | 'openai-responses' | 'anthropic' | 'litellm' | 'langfuse';

/**
 * Classes of tokens that vendors price apart. They are disjoint: `input` is what was neither read from a cache nor written
 * to one, `output` is what was not reasoning, `audio` is in neither.
 */
export const tokenClasses = [
  'input',
  'cachedInput',
  'cacheWrite',
  'cacheWriteLong',
  'output',
  'reasoning',
  'audio',
] as const;

export type TokenClass = (typeof tokenClasses)[number];
export type TokenCounts = Readonly<Record<TokenClass, number>>;

/** What a line of a log says of one call of a model. */
export interface LoggedCall {
  readonly format: LogFormat;
  /** The model as it was billed: its answer's name before the one asked for, with the service tier where it is not the standard one. */
  readonly model: string;
  /** Milliseconds since 1970; left out where the line has no moment. */
  readonly startedMs?: number | undefined;
  readonly tokens: TokenCounts;
  /** The name that the team gave the call: a tag, metadata, the name of a prompt or a trace. */
  readonly name?: string | undefined;
  readonly systemPrompt?: string | undefined;
  /** Name of the schema that was asked for, or of the only tool or the tool that had to be used. */
  readonly schema?: string | undefined;
}

/** A line: a call, something that is no paid call (`skipped`), or something that cannot be read (`unreadable`). */
export type LogLine =
  | { readonly kind: 'call'; readonly call: LoggedCall }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

export const skipped = (reason: string): LogLine => ({ kind: 'skipped', reason });
export const unreadable = (reason: string): LogLine => ({ kind: 'unreadable', reason });
