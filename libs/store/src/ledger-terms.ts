export type StepName = 'classify' | 'extract' | 'sentiment' | 'draft' | 'polish';
export type TierName = 'small' | 'big' | 'human';
export type VerdictName = 'accept' | 'escalate' | 'hold';
export type OutcomeName = 'replied' | 'closed';
export type DecisionName = 'approve' | 'edit' | 'reject';
export type ConfidenceSourceName = 'embedded' | 'logprobs' | 'agreement' | 'rule' | 'none';

/** Tokens by price class; the classes are disjoint. */
export interface UsageView {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** True when an embedded model estimated what a language model would have been sent and have written. */
  readonly estimated: boolean;
}

/** What a step found. A step that failed has no value. */
export type StepValue =
  | {
      readonly kind: 'classification';
      readonly label: string;
      readonly queue: string;
      readonly alternatives: readonly { readonly label: string; readonly probability: number }[];
    }
  | {
      readonly kind: 'extraction';
      readonly fields: readonly {
        readonly name: string;
        readonly value: string;
        readonly confidence: number;
        /** Characters [start, end) of the message's text, in UTF-16 code units. */
        readonly start: number;
        readonly end: number;
      }[];
    }
  | { readonly kind: 'sentiment'; readonly mood: 'negative' | 'neutral' | 'positive' }
  | {
      readonly kind: 'draft';
      readonly text: string;
      readonly macroId: string | null;
      readonly missingFields: readonly string[];
    }
  | { readonly kind: 'polish'; readonly text: string };

/** The facts of a step that are kept as they came. */
export interface StepDetail {
  readonly value: StepValue | null;
  /** Calibrated, 0 to 1; null: the endpoint gave no signal. */
  readonly confidence: number | null;
  readonly rawConfidence: number | null;
  readonly confidenceSource: ConfidenceSourceName;
  /** Null where no call was made or its tokens are not known. */
  readonly usage: UsageView | null;
  readonly latencyMs: number;
  readonly attempts: number;
  /** `code` is a code of Fault. */
  readonly failure: { readonly code: string; readonly detail: string } | null;
}

/** One decision of the router, with what it rested on. */
export interface DecisionView {
  readonly step: StepName;
  /** Who had produced the result that was decided on. */
  readonly tier: TierName;
  readonly verdict: VerdictName;
  /** Most important first. */
  readonly reasons: readonly string[];
  readonly confidence: number | null;
  readonly threshold: number | null;
  readonly policyVersion: string;
  readonly decidedAtMs: number;
}

/** An event about this message that a service could not handle. */
export interface DeadLetterView {
  readonly eventId: string;
  readonly group: string;
  readonly topic: string;
  /** A code of Fault. */
  readonly code: string;
  readonly detail: string;
  readonly failedAtMs: number;
}
