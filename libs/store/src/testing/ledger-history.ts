import fc from 'fast-check';
import type { StepDetail, StepName, StepTier, StepValue, TierName, UsageView } from '../ledger.js';
import type {
  AlarmChange,
  AuditChange,
  AuditRequestChange,
  DeadLetterChange,
  DecisionChange,
  LedgerChange,
  PricedCall,
  ReceivedChange,
  ReplayChange,
  ReviewDecidedChange,
  ReviewRequestedChange,
  SettledChange,
  StepChange,
  WaitChange,
} from '../ledger-change.js';

/** A moment from which the times of these facts are counted. */
export const START = 1_760_000_000_000;

const usage: UsageView = {
  inputTokens: 400,
  cachedInputTokens: 100,
  outputTokens: 60,
  reasoningTokens: 5,
  estimated: false,
};

const values: Readonly<Record<StepName, StepValue>> = {
  classify: {
    kind: 'classification',
    label: 'order_status',
    queue: 'orders',
    alternatives: [{ label: 'refund', probability: 0.04 }],
  },
  extract: {
    kind: 'extraction',
    fields: [{ name: 'order_number', value: 'A-1', confidence: 0.99, start: 3, end: 6 }],
  },
  sentiment: { kind: 'sentiment', mood: 'negative' },
  draft: { kind: 'draft', text: 'It is on its way.', macroId: 'shipping', missingFields: ['order_number'] },
  polish: { kind: 'polish', text: 'Hi, it is on its way.' },
};

export const received = (messageId: string, over: Partial<ReceivedChange> = {}): ReceivedChange => ({
  kind: 'received',
  messageId,
  conversationId: `conversation of ${messageId}`,
  channel: 'email',
  customer: 'ada@example.org',
  subject: 'Where is it?',
  text: 'Where is my order?',
  locale: 'en',
  customerFacing: null,
  traceId: '0af7651916cd43dd8448eb211c80319c',
  receivedAtMs: START,
  ...over,
});

export const detail = (step: StepName, over: Partial<StepDetail> = {}): StepDetail => ({
  value: values[step],
  confidence: 0.93,
  rawConfidence: 0.9,
  confidenceSource: 'logprobs',
  usage,
  latencyMs: 120.5,
  attempts: 1,
  failure: null,
  ...over,
});

export const call = (over: Partial<PricedCall> = {}): PricedCall => ({
  model: 'small-8b',
  embedded: false,
  costNanos: 10n,
  baselineNanos: 100n,
  projectedNanos: 10n,
  polishNanos: null,
  ...over,
});

export const step = (
  messageId: string,
  name: StepName,
  tier: StepTier = 'small',
  over: Partial<StepChange> = {},
): StepChange => ({
  kind: 'step',
  messageId,
  step: name,
  tier,
  completedAtMs: START + 100,
  call: call(tier === 'big' ? { model: 'frontier', costNanos: 90n } : {}),
  detail: detail(name),
  ...over,
});

export const decision = (
  messageId: string,
  name: StepName,
  tier: TierName = 'small',
  over: Partial<DecisionChange> = {},
): DecisionChange => ({
  kind: 'decision',
  messageId,
  step: name,
  tier,
  verdict: 'accept',
  reasons: ['confidence 0.93 is at least 0.70'],
  confidence: 0.93,
  threshold: 0.7,
  policyVersion: '2026-11',
  decidedAtMs: START + 200,
  ...over,
});

export const settled = (messageId: string, over: Partial<SettledChange> = {}): SettledChange => ({
  kind: 'settled',
  messageId,
  outcome: 'replied',
  reply: 'Hi, it is on its way.',
  replyBy: 'big',
  settledAtMs: START + 300,
  ...over,
});

export const requested = (
  messageId: string,
  over: Partial<ReviewRequestedChange> = {},
): ReviewRequestedChange => ({
  kind: 'review-requested',
  messageId,
  conversationId: `conversation of ${messageId}`,
  reviewId: `review of ${messageId}`,
  step: 'draft',
  reasons: ['a person reads every refund'],
  suggestion: 'It is on its way.',
  requestedAtMs: START + 250,
  ...over,
});

export const decided = (messageId: string, over: Partial<ReviewDecidedChange> = {}): ReviewDecidedChange => ({
  kind: 'review-decided',
  messageId,
  conversationId: `conversation of ${messageId}`,
  reviewId: `review of ${messageId}`,
  decision: 'approve',
  reviewer: 'grace',
  decidedAtMs: START + 280,
  ...over,
});

export const dead = (messageId: string | null, over: Partial<DeadLetterChange> = {}): DeadLetterChange => ({
  kind: 'dead-letter',
  messageId,
  eventId: `${messageId}/message.received`,
  group: 'router',
  topic: 'message.received',
  code: 'malformed',
  detail: 'not a MessageReceived',
  failedAtMs: START + 260,
  replays: 0,
  stopsMessage: messageId !== null,
  ...over,
});

export const replay = (messageId: string | null, over: Partial<ReplayChange> = {}): ReplayChange => ({
  kind: 'replay',
  messageId,
  eventId: `${messageId}/message.received`,
  group: 'router',
  number: 1,
  replayedAtMs: START + 270,
  ...over,
});

export const wait = (messageId: string, name: StepName, over: Partial<WaitChange> = {}): WaitChange => ({
  kind: 'wait',
  messageId,
  step: name,
  untilMs: START + 86_400_000,
  ...over,
});

export const auditRequest = (
  messageId: string,
  name: StepName,
  over: Partial<AuditRequestChange> = {},
): AuditRequestChange => ({
  kind: 'audit-request',
  messageId,
  step: name,
  rate: 0.02,
  confidence: 0.93,
  threshold: 0.7,
  fingerprint: 'small-8b|-',
  policyVersion: '2026-11',
  requestedAtMs: START + 210,
  ...over,
});

export const audit = (messageId: string, name: StepName, over: Partial<AuditChange> = {}): AuditChange => ({
  kind: 'audit',
  messageId,
  step: name,
  audit: 'shadow',
  source: 'agreement',
  wrong: false,
  missing: null,
  rate: 0.02,
  confidence: 0.93,
  threshold: 0.7,
  fingerprint: 'small-8b|-',
  policyVersion: '2026-11',
  reviewer: '',
  auditedAtMs: START + 400,
  ...over,
});

export const alarm = (messageId: string, name: StepName, over: Partial<AlarmChange> = {}): AlarmChange => ({
  kind: 'alarm',
  messageId,
  step: name,
  signal: 'wrong',
  policyVersion: '2026-11',
  statistic: 24_001.5,
  level: 24_000,
  labels: 400,
  errors: 31,
  allowed: 0.05,
  response: 'escalate',
  raisedAtMs: START + 500,
  sinceMs: START + 300,
  ...over,
});

const nanos = fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n }), { freq: 6 });
const at = fc.integer({ min: START, max: START + 10_000 });
const stepName = fc.constantFrom<StepName>('classify', 'extract', 'sentiment', 'draft', 'polish');
const modelTier = fc.constantFrom<StepTier>('small', 'big', 'audit');
const decidedTier = fc.constantFrom<TierName>('small', 'big');

const priced = fc.record({
  model: fc.constantFrom('small-8b', 'frontier', 'embedded-small'),
  embedded: fc.boolean(),
  costNanos: nanos,
  baselineNanos: nanos,
  projectedNanos: nanos,
  polishNanos: nanos,
});

const stepOf = (messageId: string) =>
  fc
    .record({
      name: stepName,
      tier: modelTier,
      call: fc.option(priced, { freq: 5 }),
      hasUsage: fc.boolean(),
      estimated: fc.boolean(),
      failed: fc.boolean(),
      completedAtMs: at,
    })
    .map(({ name, tier, call: made, hasUsage, estimated, failed, completedAtMs }) =>
      step(messageId, name, tier, {
        completedAtMs,
        call: made === null ? null : { ...made, baselineNanos: hasUsage ? made.baselineNanos : null },
        detail: detail(name, {
          usage: made !== null && hasUsage ? { ...usage, estimated } : null,
          value: failed ? null : values[name],
          failure: failed ? { code: 'timed_out', detail: 'late' } : null,
        }),
      }),
    );

const decisionOf = (messageId: string) =>
  fc
    .record({
      name: stepName,
      tier: decidedTier,
      verdict: fc.constantFrom('accept' as const, 'escalate' as const, 'hold' as const),
      decidedAtMs: at,
    })
    .map(({ name, tier, ...rest }) => decision(messageId, name, tier, rest));

const auditOf = (messageId: string) =>
  fc
    .record({
      name: stepName,
      audit: fc.constantFrom('shadow' as const, 'escalated' as const, 'person' as const),
      wrong: fc.option(fc.boolean()),
      auditedAtMs: at,
    })
    .map(({ name, wrong, ...rest }) =>
      audit(messageId, name, { ...rest, wrong, missing: wrong === null ? 'timed_out' : null }),
    );

/** What a router can tell of one message: each fact at most once, as its id demands. */
const factsOf = (messageId: string): fc.Arbitrary<readonly LedgerChange[]> =>
  fc
    .tuple(
      at.map((receivedAtMs): LedgerChange[] => [received(messageId, { receivedAtMs })]),
      fc.uniqueArray(stepOf(messageId), { maxLength: 8, selector: (fact) => `${fact.step}:${fact.tier}` }),
      fc.uniqueArray(decisionOf(messageId), {
        maxLength: 8,
        selector: (fact) => `${fact.step}:${fact.tier}`,
      }),
      fc.uniqueArray(auditOf(messageId), { maxLength: 4, selector: (fact) => `${fact.step}:${fact.audit}` }),
      fc.subarray<LedgerChange>([
        alarm(messageId, 'classify'),
        requested(messageId),
        decided(messageId),
        settled(messageId),
        dead(messageId),
        dead(messageId, { replays: 1, code: 'unknown', failedAtMs: START + 275 }),
        dead(messageId, { group: 'classifier', stopsMessage: false }),
        replay(messageId),
        wait(messageId, 'polish'),
        auditRequest(messageId, 'classify'),
      ]),
    )
    .map((facts) => facts.flat());

/** All facts of a few messages, in an order and a shuffle of it with replays. */
export const histories = fc
  .tuple(...['m1', 'm2', 'm3', 'm4'].map(factsOf))
  .map((facts) => facts.flat())
  .chain((facts) =>
    fc.record({
      facts: fc.constant(facts),
      shuffled: fc
        .tuple(
          fc.shuffledSubarray([...facts], { minLength: facts.length }),
          fc.shuffledSubarray([...facts], { maxLength: Math.min(10, facts.length) }),
        )
        .map((parts) => parts.flat()),
    }),
  );
