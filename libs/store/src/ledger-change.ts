import type {
  AlarmView,
  AuditRequestView,
  AuditView,
  DeadLetterView,
  DecisionName,
  DecisionView,
  OutcomeName,
  StepDetail,
  StepName,
  StepTier,
  TierName,
} from './ledger-terms.js';

/** A message was taken in. */
export interface ReceivedChange {
  readonly kind: 'received';
  readonly messageId: string;
  readonly conversationId: string;
  readonly channel: string;
  readonly customer: string;
  readonly subject: string;
  readonly text: string;
  readonly locale: string;
  readonly customerFacing: boolean | null;
  readonly traceId: string;
  readonly receivedAtMs: number;
}

/** A call as it is billed. Money is in nano-dollars, null: unknown. */
export interface PricedCall {
  /** Name under which the pack lists the model. */
  readonly model: string;
  readonly embedded: boolean;
  readonly costNanos: bigint | null;
  /**
   * Its tokens at the price of the step's big model. Of the calls that a message has for one step, only the lowest
   * tier's counts: one big model would have been called once.
   */
  readonly baselineNanos: bigint | null;
  readonly projectedNanos: bigint | null;
  /** For drafts: what the polish that the big model would have made of it is estimated to cost. */
  readonly polishNanos: bigint | null;
}

/** A step ended. One for each message, step and tier: later ones are replays. */
export interface StepChange {
  readonly kind: 'step';
  readonly messageId: string;
  readonly step: StepName;
  readonly tier: StepTier;
  readonly completedAtMs: number;
  /** Null where the step ended without a call. */
  readonly call: PricedCall | null;
  readonly detail: StepDetail;
}

/** The router decided. One for each message, step and tier: later ones are replays. */
export interface DecisionChange extends DecisionView {
  readonly kind: 'decision';
  readonly messageId: string;
}

/** A message reached its end. */
export interface SettledChange {
  readonly kind: 'settled';
  readonly messageId: string;
  readonly outcome: OutcomeName;
  /** Empty when no reply is sent. */
  readonly reply: string;
  readonly replyBy: TierName;
  readonly settledAtMs: number;
}

/** A reply is held. */
export interface ReviewRequestedChange {
  readonly kind: 'review-requested';
  readonly messageId: string;
  readonly conversationId: string;
  readonly reviewId: string;
  readonly step: StepName;
  readonly reasons: readonly string[];
  readonly suggestion: string | null;
  readonly requestedAtMs: number;
}

/** A person decided. */
export interface ReviewDecidedChange {
  readonly kind: 'review-decided';
  readonly messageId: string;
  readonly conversationId: string;
  readonly reviewId: string;
  readonly decision: DecisionName;
  readonly reviewer: string;
  readonly decidedAtMs: number;
}

/** The budget is full, and the big model is asked for a step later. Of several waits of a step the last one counts. */
export interface WaitChange {
  readonly kind: 'wait';
  readonly messageId: string;
  readonly step: StepName;
  readonly untilMs: number;
}

/** A service could not handle an event. One for each event, service and number of replays. */
export interface DeadLetterChange extends Omit<DeadLetterView, 'replayedAtMs'> {
  readonly kind: 'dead-letter';
  /** Null when the event could not be read. */
  readonly messageId: string | null;
  /** True when nothing will move the message on: it counts as failed until it is settled or held. */
  readonly stopsMessage: boolean;
}

/** A dead letter is handled again: it stops no message until it is parked once more. */
export interface ReplayChange extends Pick<DeadLetterView, 'eventId' | 'group'> {
  readonly kind: 'replay';
  /** Null when the event could not be read. */
  readonly messageId: string | null;
  /** Replays of this event for this service by now, from 1. */
  readonly number: number;
  readonly replayedAtMs: number;
}

/** A person is asked to label a message. One for each message and step; its shadow audit answers it. */
export interface AuditRequestChange extends AuditRequestView {
  readonly kind: 'audit-request';
  readonly messageId: string;
}

/** A small answer was audited. One for each message, step and kind of audit: later ones are replays. */
export interface AuditChange extends AuditView {
  readonly kind: 'audit';
  readonly messageId: string;
}

/** An alarm was raised. One for each message and step: later ones are replays. */
export interface AlarmChange extends AlarmView {
  readonly kind: 'alarm';
  /** Whose answer, or its audit, raised it. */
  readonly messageId: string;
}

/** One fact for the ledger; applying it again changes nothing. */
export type LedgerChange =
  | ReceivedChange
  | StepChange
  | DecisionChange
  | SettledChange
  | ReviewRequestedChange
  | ReviewDecidedChange
  | WaitChange
  | AuditRequestChange
  | AuditChange
  | AlarmChange
  | DeadLetterChange
  | ReplayChange;
