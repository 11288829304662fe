import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import { trailOf } from '@spillway/bus/retry-topic';
import { topicOf } from '@spillway/contracts/event';
import {
  type AlarmRaised,
  type AuditRecorded,
  AuditRecordedSchema,
  type AuditRequested,
  type DeadLettered,
  type DecisionMade,
  type EventReplayed,
  type MessageReceived,
  type MessageSettled,
  Outcome,
  PolishPurpose,
  type ReviewDecided,
  ReviewDecision,
  type ReviewRequested,
  type StepCompleted,
  Verdict,
} from '@spillway/contracts/events';
import type { FaultCode } from '@spillway/contracts/fault';
import { Tier } from '@spillway/contracts/model';
import type { DecisionName, TierName, VerdictName } from '@spillway/store/ledger';
import type { LedgerChange } from '@spillway/store/ledger-change';
import { named } from './named.js';
import type { Pricing } from './pricing.js';
import { alarmed, audited, labelWanted } from './project-audit.js';
import { detailOf } from './step-detail.js';
import { stepNames } from './step-names.js';

/** The events that leave something in the ledger. */
export type Recorded =
  | MessageReceived
  | StepCompleted
  | DecisionMade
  | MessageSettled
  | ReviewRequested
  | ReviewDecided
  | AuditRequested
  | AuditRecorded
  | AlarmRaised
  | DeadLettered
  | EventReplayed;

/** What the record that carried an event says of it. */
export interface Carrier {
  /** Milliseconds since the epoch when the log took it in: for events that do not say when they happened. */
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

const tiers: Readonly<Record<Tier, TierName | undefined>> = {
  [Tier.UNSPECIFIED]: undefined,
  [Tier.SMALL]: 'small',
  [Tier.BIG]: 'big',
  [Tier.HUMAN]: 'human',
};
const verdicts: Readonly<Record<Verdict, VerdictName | undefined>> = {
  [Verdict.UNSPECIFIED]: undefined,
  [Verdict.ACCEPT]: 'accept',
  [Verdict.ESCALATE]: 'escalate',
  [Verdict.HOLD]: 'hold',
  [Verdict.WAIT]: undefined,
};
const decisions: Readonly<Record<ReviewDecision, DecisionName | undefined>> = {
  [ReviewDecision.UNSPECIFIED]: undefined,
  [ReviewDecision.APPROVE]: 'approve',
  [ReviewDecision.EDIT]: 'edit',
  [ReviewDecision.REJECT]: 'reject',
};

/** What one event changes in the ledger. Throws `malformed` for an event that leaves out what it is about. */
export function project(event: Recorded, carrier: Carrier, pricing: Pricing): readonly LedgerChange[] {
  switch (event.$typeName) {
    case 'spillway.v1.MessageReceived':
      return [received(event, carrier)];
    case 'spillway.v1.StepCompleted':
      // No call was made, and one may still be: the row is for that.
      return wasOverBudget(event) ? [] : [stepped(event, carrier, pricing)];
    case 'spillway.v1.DecisionMade':
      // The last word on the answer is still to come.
      return event.verdict === Verdict.WAIT ? waits(event) : [decided(event, carrier)];
    case 'spillway.v1.MessageSettled':
      return [settled(event, carrier)];
    case 'spillway.v1.ReviewRequested':
      return [held(event, carrier)];
    case 'spillway.v1.ReviewDecided':
      return reviewed(event, carrier);
    case 'spillway.v1.AuditRequested':
      return [labelWanted(event, timeOf(event.requestedAt, carrier))];
    case 'spillway.v1.AuditRecorded':
      return audited(event, timeOf(event.auditedAt, carrier));
    case 'spillway.v1.AlarmRaised':
      return [alarmed(event, timeOf(event.raisedAt, carrier))];
    case 'spillway.v1.DeadLettered':
      return [parked(event, carrier)];
    case 'spillway.v1.EventReplayed':
      return [replayed(event, carrier)];
  }
}

function received(event: MessageReceived, carrier: Carrier): LedgerChange {
  const { messageId, conversationId, channel, customer, subject, text, locale } = event;
  return {
    kind: 'received',
    messageId,
    conversationId,
    channel,
    customer,
    subject,
    text,
    locale,
    customerFacing: event.customerFacing ?? null,
    traceId: traceIdOf(carrier.headers['traceparent']),
    receivedAtMs: timeOf(event.receivedAt, carrier),
  };
}

function stepped(event: StepCompleted, carrier: Carrier, pricing: Pricing): LedgerChange {
  const step = named(stepNames[event.step], 'step');
  const tier = event.purpose === PolishPurpose.AUDIT ? 'audit' : named(tiers[event.tier], 'tier');
  const completedAtMs = timeOf(event.completedAt, carrier);
  return {
    kind: 'step',
    messageId: event.messageId,
    step,
    tier,
    completedAtMs,
    call: event.call === undefined ? null : pricing(event.call, step, tier, completedAtMs),
    detail: detailOf(event),
  };
}

const wasOverBudget = ({ result }: StepCompleted): boolean =>
  result.case === 'failure' && result.value.code === ('over_budget' satisfies FaultCode);

const decided = (event: DecisionMade, carrier: Carrier): LedgerChange => ({
  kind: 'decision',
  messageId: event.messageId,
  step: named(stepNames[event.step], 'step'),
  tier: named(tiers[event.tier], 'tier'),
  verdict: named(verdicts[event.verdict], 'verdict'),
  reasons: event.reasons,
  confidence: event.confidence ?? null,
  threshold: event.threshold ?? null,
  policyVersion: event.policyVersion,
  decidedAtMs: timeOf(event.decidedAt, carrier),
});

/** Nothing for an event of a release that did not say until when. */
const waits = ({ messageId, step, waitUntil }: DecisionMade): readonly LedgerChange[] =>
  waitUntil === undefined
    ? []
    : [{ kind: 'wait', messageId, step: named(stepNames[step], 'step'), untilMs: timestampMs(waitUntil) }];

function settled(event: MessageSettled, carrier: Carrier): LedgerChange {
  const replied = event.outcome === Outcome.REPLIED;
  return {
    kind: 'settled',
    messageId: event.messageId,
    outcome: replied ? 'replied' : 'closed',
    reply: event.reply,
    // Only a person closes a message without a reply.
    replyBy: replied ? named(tiers[event.replyBy], 'author of the reply') : 'human',
    settledAtMs: timeOf(event.settledAt, carrier),
  };
}

const held = (event: ReviewRequested, carrier: Carrier): LedgerChange => ({
  kind: 'review-requested',
  messageId: event.messageId,
  conversationId: event.conversationId,
  reviewId: event.reviewId,
  step: named(stepNames[event.step], 'step'),
  reasons: event.reasons,
  suggestion: event.polish?.text ?? event.draft?.text ?? null,
  requestedAtMs: timeOf(event.requestedAt, carrier),
});

function reviewed(event: ReviewDecided, carrier: Carrier): readonly LedgerChange[] {
  const decision = named(decisions[event.decision], 'decision');
  // The router does not act on a reply of nothing: the review stays open.
  if (decision !== 'reject' && event.text.trim() === '') return [];
  const { messageId, conversationId, reviewId, reviewer } = event;
  const decidedAtMs = timeOf(event.decidedAt, carrier);
  return [{ kind: 'review-decided', messageId, conversationId, reviewId, decision, reviewer, decidedAtMs }];
}

function parked(event: DeadLettered, carrier: Carrier): LedgerChange {
  const messageId = event.messageId === '' ? null : event.messageId;
  return {
    kind: 'dead-letter',
    messageId,
    eventId: event.eventId,
    group: event.group,
    topic: event.originTopic,
    code: event.errorCode,
    detail: event.errorDetail,
    failedAtMs: timeOf(event.failedAt, carrier),
    replays: trailOf(event).replays,
    // A worker that fails is late, and the router decides without it. Where the router fails, nobody does; no message
    // waits for an audit.
    stopsMessage:
      messageId !== null && event.group === 'router' && event.originTopic !== topicOf(AuditRecordedSchema),
  };
}

const replayed = (event: EventReplayed, carrier: Carrier): LedgerChange => ({
  kind: 'replay',
  messageId: event.messageId === '' ? null : event.messageId,
  eventId: event.eventId,
  group: event.group,
  number: event.replays,
  replayedAtMs: timeOf(event.replayedAt, carrier),
});

const timeOf = (time: Timestamp | undefined, carrier: Carrier): number =>
  time === undefined ? carrier.timestamp : Math.floor(timestampMs(time));

const traceparentPattern = /^[0-9a-f]{2}-([0-9a-f]{32})-/;

/** The trace id of a W3C traceparent; empty when there is none. */
const traceIdOf = (traceparent: string | undefined): string =>
  traceparentPattern.exec(traceparent ?? '')?.[1] ?? '';
