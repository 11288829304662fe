import type { ScoredToken } from '@spillway/confidence/aligned-tokens';
import type { Classification, Draft, Extraction, Sentiment, Usage } from '@spillway/contracts/model';

export type StepName = 'classify' | 'extract' | 'sentiment' | 'draft' | 'polish';

/** What a step works on: the message and what is known about it. Embedded models read this; language models the prompt. */
export interface StepInput {
  readonly text: string;
  readonly subject: string;
  readonly locale: string;
  /** When the customer wrote, in milliseconds since the epoch: "tomorrow" is counted from here. */
  readonly receivedAtMs: number;
  readonly classification?: Classification;
  readonly extraction?: Extraction;
  readonly sentiment?: Sentiment;
  readonly draft?: Draft;
  /** Calibrated probability, 0 to 1, that the draft fits the message; left out where nothing is known of it. */
  readonly draftConfidence?: number;
}

/**
 * What a model is asked. `system` and `user` are rendered when they are first read: whoever works on `input` alone
 * never pays for them.
 */
export interface Prompt {
  /** A step, or the comparison of two replies. */
  readonly step: StepName | 'judge';
  readonly system: string;
  readonly user: string;
  /** About how many tokens `system` and `user` have; known without rendering them. */
  readonly estimatedInputTokens?: number;
  /** JSON schema that the answer's text must fit; left out where the answer is prose. */
  readonly schema?: Readonly<Record<string, unknown>>;
  readonly maxOutputTokens: number;
  /** 0 for the likeliest answer. */
  readonly temperature: number;
  /** How many of the likeliest tokens are wanted at each place of the answer. */
  readonly topTokens: number;
  readonly input: StepInput;
  /** Derived from (message, step, tier, purpose); sent along as an idempotency key where the endpoint has one. */
  readonly callId: string;
  /**
   * Whether a call before it, for the same answer, is paid for already. All of them are recorded together, so that one
   * should wait behind nobody else.
   */
  readonly continued?: boolean;
}

/** A probability that an embedded model has of its own answer, calibrated on held-out examples. */
export interface OwnConfidence {
  readonly raw: number;
  /** 0 to 1. */
  readonly calibrated: number;
  /** The likeliest answers, falling; for closed labels only. */
  readonly alternatives: readonly { readonly label: string; readonly probability: number }[];
  /** For extraction: every value of the answer in the answer's order, with a confidence and a place of its own. */
  readonly fields?: readonly FieldConfidence[];
}

/** How sure an embedded model is of one extracted value, and where in the message's text it stands. */
export interface FieldConfidence {
  readonly name: string;
  readonly value: string;
  /** Calibrated, 0 to 1. */
  readonly confidence: number;
  /** Characters [start, end) of the text in UTF-16 code units; both 0 for a value that only the subject holds. */
  readonly start: number;
  readonly end: number;
}

/** What an endpoint was asked for and gave, as far as an answer shows it. */
export interface Granted {
  /** It took a JSON schema to hold the answer to. */
  readonly schema: boolean;
  /** Its tokens came with their bytes; without them half a character cannot be told from another. */
  readonly bytes: boolean;
}

export type FinishReason = 'stop' | 'length' | 'content_filter' | 'refusal';

export interface Completion {
  readonly text: string;
  /** Log-probabilities, when the endpoint gave them. */
  readonly tokens?: readonly ScoredToken[];
  /** Set by embedded models only. */
  readonly confidence?: OwnConfidence;
  readonly usage: Pick<
    Usage,
    'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'reasoningTokens' | 'estimated'
  >;
  readonly finishReason: FinishReason;
  /** Set by endpoints only. */
  readonly granted?: Granted;
  /** What the answer's probabilities are comparable with: model, server, constraint mode and kind of log-probabilities. */
  readonly fingerprint: string;
  /** How many requests it took; layers that retry count them. */
  readonly attempts: number;
  /** One of them gave no completion and may be on the bill all the same: what the call cost is not known. */
  readonly unaccounted?: true;
}

/** A model. Everything else (timeout, retry, limit, breaker, metering) is a layer around one. */
export interface LanguageModel {
  /** Name under which the pack lists it. */
  readonly name: string;
  readonly embedded: boolean;
  /** Rejects only with Fault. Honours the signal. Never retries by itself. */
  complete(prompt: Prompt, signal: AbortSignal): Promise<Completion>;
}

export type Layer = (model: LanguageModel) => LanguageModel;

/** Wraps a model in layers; the first listed is outermost. */
export const stack = (model: LanguageModel, layers: readonly Layer[]): LanguageModel =>
  layers.reduceRight((inner, layer) => layer(inner), model);
