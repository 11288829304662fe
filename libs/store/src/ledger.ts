import type { LedgerChange } from './ledger-change.js';
import type {
  AlarmView,
  AuditRequestView,
  AuditView,
  DeadLetterView,
  DecisionName,
  DecisionView,
  OpenAudit,
  OutcomeName,
  StepDetail,
  StepName,
  StepTier,
  TierName,
} from './ledger-terms.js';

export type {
  AlarmView,
  AuditKindName,
  AuditRequestView,
  AuditView,
  ConfidenceSourceName,
  DeadLetterView,
  DecisionName,
  DecisionView,
  LabelSourceName,
  OpenAudit,
  OutcomeName,
  StepDetail,
  StepName,
  StepTier,
  StepValue,
  TierName,
  UsageView,
  VerdictName,
} from './ledger-terms.js';

export type MessageStatus = 'received' | 'in_progress' | 'in_review' | 'settled' | 'failed';
/** One model's answer to one step. Money is in nano-dollars, null: unknown. */
export interface StepView extends StepDetail {
  readonly step: StepName;
  readonly tier: StepTier;
  /** Name under which the pack lists the model; null where no call was made. */
  readonly model: string | null;
  readonly embedded: boolean;
  readonly costNanos: bigint | null;
  readonly completedAtMs: number;
}

/** A reply that is, or was, held for a person. */
export interface ReviewView {
  readonly id: string;
  readonly messageId: string;
  readonly conversationId: string;
  /** The step that a person must look at. */
  readonly step: StepName;
  readonly reasons: readonly string[];
  /** The best reply there is so far; null where there is none. */
  readonly suggestion: string | null;
  readonly requestedAtMs: number;
  /** Null while it is open. */
  readonly decided: {
    readonly decision: DecisionName;
    readonly reviewer: string;
    readonly atMs: number;
  } | null;
}

/** All that is known of one message. Money is in nano-dollars, null: at least one of its parts is unknown. */
export interface MessageView {
  readonly id: string;
  readonly conversationId: string;
  readonly channel: string;
  readonly customer: string;
  readonly subject: string;
  readonly text: string;
  readonly locale: string;
  /** Null: the policy's rule decides. */
  readonly customerFacing: boolean | null;
  readonly status: MessageStatus;
  /** The big model's label where there is one, otherwise the small one's. */
  readonly intent: string | null;
  readonly queue: string | null;
  /** In the order of their completion. */
  readonly steps: readonly StepView[];
  /** In the order in which they were made. */
  readonly decisions: readonly DecisionView[];
  /** Null until settled, and where no reply was sent. */
  readonly reply: { readonly text: string; readonly by: TierName } | null;
  readonly outcome: OutcomeName | null;
  /** The newest review of this message, open or decided. */
  readonly review: ReviewView | null;
  /** The step that the big model is asked for once the budget has room, the last one of several; null: none is. */
  readonly waiting: { readonly step: StepName; readonly untilMs: number } | null;
  readonly audits: readonly AuditView[];
  /** What a person is asked to label, and has not yet. */
  readonly openAudits: readonly AuditRequestView[];
  readonly deadLetters: readonly DeadLetterView[];
  /** What its calls cost. */
  readonly costNanos: bigint | null;
  /** The same message on the big model for every step. */
  readonly baselineNanos: bigint | null;
  /** Its calls with the pack's reference models in the place of embedded ones. */
  readonly projectedNanos: bigint | null;
  /** True when token counts in the baseline or the projection are estimates. */
  readonly estimated: boolean;
  /** W3C trace id, 32 hexadecimal digits; empty when the event carried none. */
  readonly traceId: string;
  readonly receivedAtMs: number;
  readonly settledAtMs: number | null;
}

/** A sum of money that does not hide what is unknown. */
export interface Money {
  /** Nano-dollars of all parts whose price is known. */
  readonly knownNanos: bigint;
  /** Parts whose price is unknown, and which `knownNanos` leaves out. */
  readonly unpriced: number;
}

export interface Bill {
  /** What was spent. */
  readonly cost: Money;
  /** The same messages on the big model for every step. */
  readonly baseline: Money;
  /** What was spent, with the pack's reference models in the place of embedded ones. */
  readonly projected: Money;
}

/** Calls of one step to one model. `model` null: what was decided, or is part of the baseline, without a call. */
export interface ModelSavings extends Bill {
  readonly model: string | null;
  readonly tier: StepTier | null;
  readonly embedded: boolean;
  readonly calls: number;
  readonly failures: number;
  /** Results that were accepted, sent on to the big model, and held for a person. */
  readonly accepted: number;
  readonly escalated: number;
  readonly held: number;
}

/** One step: every figure is the sum of the same figure in `models`. */
export interface StepSavings extends Bill {
  readonly step: StepName;
  readonly calls: number;
  readonly failures: number;
  /** Results of the small tier that were accepted. */
  readonly keptSmall: number;
  readonly escalated: number;
  readonly held: number;
  /** Messages for which this step was asked of the big tier, and messages that had this step at all. */
  readonly bigMessages: number;
  readonly messages: number;
  readonly models: readonly ModelSavings[];
}

/** Messages received in a span of time. The bill is the sum of the steps' bills. */
export interface Savings extends Bill {
  readonly fromMs: number;
  readonly toMs: number;
  readonly messages: number;
  readonly settled: number;
  readonly inReview: number;
  readonly failed: number;
  /** Messages with at least one call to the big tier; over `messages` it is the escalation rate. */
  readonly escalatedMessages: number;
  readonly calls: number;
  /** True when token counts in the baseline or the projection are estimates. */
  readonly estimated: boolean;
  /** Every step, in the order of the flow. */
  readonly steps: readonly StepSavings[];
}

export interface Counts {
  readonly byStatus: Readonly<Record<MessageStatus, number>>;
  /** Dead letters of all services, also those whose message is not known. */
  readonly deadLetters: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Hand it back to get the next page; null: this was the last. */
  readonly nextCursor: string | null;
}

export interface ListQuery {
  readonly status?: MessageStatus;
  readonly intent?: string;
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** Audits that may be counted together. */
export interface AuditGroup
  extends Pick<AuditView, 'step' | 'audit' | 'source' | 'rate' | 'fingerprint' | 'policyVersion'> {
  /** Audits that a label came for, and the wrong answers among them. */
  readonly labels: number;
  readonly errors: number;
  /** Audits that no label came for. */
  readonly missing: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface AuditReport {
  /** In the order of the flow, then of their first audit. */
  readonly groups: readonly AuditGroup[];
  /** Messages that a person was asked to label in the span, and has not yet; steps with none are left out. */
  readonly open: readonly { readonly step: StepName; readonly requests: number }[];
  /** The newest first. */
  readonly alarms: readonly AlarmView[];
}

/** A half-open span of times. */
export interface SpanQuery {
  /** Milliseconds since the epoch, included. Left out: from the beginning. */
  readonly fromMs?: number;
  /** Left out: without end. */
  readonly toMs?: number;
}

/**
 * What happened to every message and what it cost, for people and tools to read.
 *
 * Changes may arrive in any order and more than once: the result is the same. A message can be read once its receipt
 * was applied. Everything that resolves is durable. Throws only Fault.
 */
export interface Ledger {
  /** All changes or none. */
  apply(changes: readonly LedgerChange[]): Promise<void>;
  message(id: string): Promise<MessageView | undefined>;
  /** Newest first. Throws `malformed` for a cursor that it never gave. */
  list(query: ListQuery): Promise<Page<MessageView>>;
  /** Open reviews, oldest first. Throws `malformed` for a cursor that it never gave. */
  reviews(query: { readonly cursor?: string; readonly limit: number }): Promise<Page<ReviewView>>;
  /** One review, open or decided. */
  review(id: string): Promise<ReviewView | undefined>;
  /** What people are asked to label, oldest first. Throws `malformed` for a cursor that it never gave. */
  openAudits(query: { readonly cursor?: string; readonly limit: number }): Promise<Page<OpenAudit>>;
  /** Of the messages received in a span. Long for many messages the first time; other work goes on meanwhile. */
  savings(query: SpanQuery): Promise<Savings>;
  /** What was audited, and the alarms that were raised, in a span. */
  audits(query: SpanQuery): Promise<AuditReport>;
  counts(): Promise<Counts>;
  close(): Promise<void>;
}

/** What reading a ledger takes. */
export type LedgerReader = Omit<Ledger, 'apply'>;

/** Injection token of the process's one ledger. */
export const LEDGER = Symbol('ledger');
