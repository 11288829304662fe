export type StepName = 'classify' | 'extract' | 'sentiment' | 'draft' | 'polish';
export type TierName = 'small' | 'big' | 'human';
/** Who answered a step: `audit` is the big model beside the traffic, whose word changes nothing for the message. */
export type StepTier = TierName | 'audit';
export type VerdictName = 'accept' | 'escalate' | 'hold';
/** What of the answers a drift alarm is about. */
type AlarmSignal = 'wrong' | 'below_threshold' | 'out_of_scope' | 'outside_labels' | 'off_schema';
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

/** The facts of a step that are kept as they came. Of a step without a value there are neither features nor fingerprint. */
export interface StepDetail {
  readonly value: StepValue | null;
  /** Calibrated, 0 to 1; null: the endpoint gave no signal. */
  readonly confidence: number | null;
  readonly rawConfidence: number | null;
  readonly confidenceSource: ConfidenceSourceName;
  /** What else the answer of an endpoint showed, by name; left out where nothing did. */
  readonly features?: Readonly<Record<string, number>>;
  /** What the confidence is comparable with: answers of the same fingerprint. Left out where no call was made. */
  readonly fingerprint?: string;
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

/** How a small model's answer came to be audited: drawn among the kept ones, not kept, or picked by a person. */
export type AuditKindName = 'shadow' | 'escalated' | 'person';
/** Whose word it is held against: people's, or the big model's, which errs too. */
export type LabelSourceName = 'truth' | 'agreement';

/** What an audit of one small answer found. */
export interface AuditView {
  readonly step: StepName;
  readonly audit: AuditKindName;
  readonly source: LabelSourceName;
  /** Null: no label came. */
  readonly wrong: boolean | null;
  /** Why no label came, a code of Fault; null where one did. */
  readonly missing: string | null;
  /** Chance with which the message was drawn; 0: it was picked, and stands for no other. */
  readonly rate: number;
  /** Of the small model's answer, and what it was compared with. */
  readonly confidence: number | null;
  readonly threshold: number | null;
  /** Of the small model's answer. */
  readonly fingerprint: string;
  readonly policyVersion: string;
  /** Who labelled; empty for a model. */
  readonly reviewer: string;
  readonly auditedAtMs: number;
}

/** A kept small answer that was drawn for the audit, and whose message a person is asked to label. */
export interface AuditRequestView
  extends Pick<AuditView, 'step' | 'rate' | 'confidence' | 'threshold' | 'fingerprint' | 'policyVersion'> {
  readonly requestedAtMs: number;
}

/** What a person needs to label a drawn message. Of what the small model answered only the draft, which is what is judged. */
export interface OpenAudit {
  readonly messageId: string;
  readonly conversationId: string;
  readonly step: StepName;
  readonly channel: string;
  readonly subject: string;
  readonly text: string;
  readonly locale: string;
  readonly receivedAtMs: number;
  /** Null where another step is labelled. */
  readonly draft: string | null;
  readonly requestedAtMs: number;
}

/** A drift alarm: more of a step's answers are wrong, or otherwise so, than its certificate lets expect. */
export interface AlarmView {
  readonly step: StepName;
  readonly signal: AlarmSignal;
  /** By whose word audited answers were wrong; left out where no label was asked for, and of alarms that did not say. */
  readonly labelSource?: LabelSourceName;
  readonly policyVersion: string;
  readonly statistic: number;
  readonly level: number;
  /** Answers observed since the change most likely began, and those of them that were wrong, or otherwise so. */
  readonly labels: number;
  readonly errors: number;
  /** The highest share that would have been no alarm. */
  readonly allowed: number;
  readonly sinceMs: number;
  readonly response: string;
  readonly raisedAtMs: number;
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
  /** How often it had been replayed when it was parked. */
  readonly replays: number;
  /** When it was last replayed; null: it never was. */
  readonly replayedAtMs: number | null;
}
