import { create, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  AlarmRaisedSchema,
  AuditKind,
  AuditRecordedSchema,
  AuditRequestedSchema,
  DeadLetteredSchema,
  DecisionMadeSchema,
  EventReplayedSchema,
  LabelSource,
  MessageReceivedSchema,
  MessageSettledSchema,
  Outcome,
  PolishPurpose,
  ReviewDecidedSchema,
  ReviewDecision,
  ReviewRequestedSchema,
  StepCompletedSchema,
  Verdict,
} from '@spillway/contracts/events';
import { ConfidenceSource, Mood, Step, Tier } from '@spillway/contracts/model';
import type { StepValue } from '@spillway/store/ledger';
import type { LedgerChange } from '@spillway/store/ledger-change';
import { describe, expect, it } from 'vitest';
import type { Pricing } from './pricing.js';
import { type Carrier, project, type Recorded } from './project.js';

const ids = { messageId: 'm1', conversationId: 'c1' };
const at = timestampFromMs(1_000);
const carrier: Carrier = {
  timestamp: 2_000,
  headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
};
const priced = {
  model: 'small-8b',
  embedded: false,
  costNanos: 1n,
  baselineNanos: 2n,
  projectedNanos: null,
  polishNanos: null,
};
const pricing: Pricing = () => priced;

const event = <S extends DescMessage>(schema: S, init: MessageInitShape<S>) =>
  create(schema, init) as unknown as Recorded;
const changesOf = (made: Recorded, by: Carrier = carrier) => project(made, by, pricing);

type StepInit = Exclude<MessageInitShape<typeof StepCompletedSchema>, Message>;

const classified = (over: StepInit = {}) =>
  event(StepCompletedSchema, {
    ...ids,
    step: Step.CLASSIFY,
    tier: Tier.SMALL,
    result: { case: 'classification', value: { label: 'refund', queue: 'money' } },
    confidence: {
      calibrated: 0.9,
      raw: 0.8,
      source: ConfidenceSource.LOGPROBS,
      features: { label_mass: 0.97 },
    },
    call: {
      model: 'small-8b',
      usage: { inputTokens: 7n, outputTokens: 3n },
      latencyMs: 12.5,
      attempts: 2,
      fingerprint: 'small|fp|json_schema|logprobs:20|prompt:3f9c1a2b',
    },
    completedAt: at,
    ...over,
  });

it.each<[string, Recorded, LedgerChange[]]>([
  [
    'a message',
    event(MessageReceivedSchema, { ...ids, channel: 'email', text: 'Hi', locale: 'en', receivedAt: at }),
    [
      {
        kind: 'received',
        ...ids,
        channel: 'email',
        customer: '',
        subject: '',
        text: 'Hi',
        locale: 'en',
        customerFacing: null,
        traceId: '0af7651916cd43dd8448eb211c80319c',
        receivedAtMs: 1_000,
      },
    ],
  ],
  [
    'a decision',
    event(DecisionMadeSchema, {
      ...ids,
      step: Step.DRAFT,
      tier: Tier.SMALL,
      verdict: Verdict.ESCALATE,
      reasons: ['a customer reads it'],
      confidence: 0,
      policyVersion: '7',
      decidedAt: at,
    }),
    [
      {
        kind: 'decision',
        messageId: 'm1',
        step: 'draft',
        tier: 'small',
        verdict: 'escalate',
        reasons: ['a customer reads it'],
        confidence: 0,
        threshold: null,
        policyVersion: '7',
        decidedAtMs: 1_000,
      },
    ],
  ],
  [
    'an end with a reply',
    event(MessageSettledSchema, {
      ...ids,
      outcome: Outcome.REPLIED,
      reply: 'Done.',
      replyBy: Tier.BIG,
      settledAt: at,
    }),
    [
      {
        kind: 'settled',
        messageId: 'm1',
        outcome: 'replied',
        reply: 'Done.',
        replyBy: 'big',
        settledAtMs: 1_000,
      },
    ],
  ],
  [
    'an end without one, which only a person decides',
    event(MessageSettledSchema, { ...ids, outcome: Outcome.CLOSED, settledAt: at }),
    [
      {
        kind: 'settled',
        messageId: 'm1',
        outcome: 'closed',
        reply: '',
        replyBy: 'human',
        settledAtMs: 1_000,
      },
    ],
  ],
  [
    'a review with nothing to suggest',
    event(ReviewRequestedSchema, {
      ...ids,
      reviewId: 'r1',
      step: Step.CLASSIFY,
      reasons: ['late'],
      requestedAt: at,
    }),
    [
      {
        kind: 'review-requested',
        ...ids,
        reviewId: 'r1',
        step: 'classify',
        reasons: ['late'],
        suggestion: null,
        requestedAtMs: 1_000,
      },
    ],
  ],
  [
    'a person’s decision',
    event(ReviewDecidedSchema, {
      ...ids,
      reviewId: 'r1',
      decision: ReviewDecision.EDIT,
      text: 'Sorry.',
      reviewer: 'grace',
      decidedAt: at,
    }),
    [
      {
        kind: 'review-decided',
        ...ids,
        reviewId: 'r1',
        decision: 'edit',
        reviewer: 'grace',
        decidedAtMs: 1_000,
      },
    ],
  ],
])('records %s', (_, made, changes) => {
  expect(changesOf(made)).toEqual(changes);
});

describe('a step', () => {
  it('is recorded with its call, its confidence and its price', () => {
    expect(changesOf(classified())).toEqual([
      {
        kind: 'step',
        messageId: 'm1',
        step: 'classify',
        tier: 'small',
        completedAtMs: 1_000,
        call: priced,
        detail: {
          value: { kind: 'classification', label: 'refund', queue: 'money', alternatives: [] },
          confidence: 0.9,
          rawConfidence: 0.8,
          confidenceSource: 'logprobs',
          features: { label_mass: 0.97 },
          fingerprint: 'small|fp|json_schema|logprobs:20|prompt:3f9c1a2b',
          usage: {
            inputTokens: 7,
            cachedInputTokens: 0,
            outputTokens: 3,
            reasoningTokens: 0,
            estimated: false,
          },
          latencyMs: 12.5,
          attempts: 2,
          failure: null,
        },
      },
    ]);
  });

  it.each<[string, NonNullable<StepInit['result']>, StepValue]>([
    [
      'labels',
      {
        case: 'classification',
        value: { label: 'a', queue: 'q', alternatives: [{ label: 'b', probability: 0.1 }] },
      },
      { kind: 'classification', label: 'a', queue: 'q', alternatives: [{ label: 'b', probability: 0.1 }] },
    ],
    [
      'fields',
      {
        case: 'extraction',
        value: { fields: [{ name: 'order', value: 'A-1', confidence: 1, evidenceStart: 2, evidenceEnd: 5 }] },
      },
      { kind: 'extraction', fields: [{ name: 'order', value: 'A-1', confidence: 1, start: 2, end: 5 }] },
    ],
    [
      'a mood',
      { case: 'sentiment', value: { mood: Mood.POSITIVE } },
      { kind: 'sentiment', mood: 'positive' },
    ],
    [
      'a draft from a macro',
      { case: 'draft', value: { text: 't', macroId: 'm', missingFields: ['order'] } },
      { kind: 'draft', text: 't', macroId: 'm', missingFields: ['order'] },
    ],
    [
      'a draft from nothing',
      { case: 'draft', value: { text: 't' } },
      { kind: 'draft', text: 't', macroId: null, missingFields: [] },
    ],
    ['a polish', { case: 'polish', value: { text: 't' } }, { kind: 'polish', text: 't' }],
  ])('is recorded with %s', (_, result, value) => {
    expect(changesOf(classified({ result }))).toMatchObject([{ detail: { value, failure: null } }]);
  });

  it('is recorded with its failure, and without a price where no call was made', () => {
    const uncalled: StepInit = {
      ...ids,
      step: Step.CLASSIFY,
      tier: Tier.SMALL,
      result: { case: 'failure', value: { code: 'timed_out', detail: 'late' } },
      confidence: { source: ConfidenceSource.NONE },
    };
    expect(changesOf(event(StepCompletedSchema, uncalled))).toMatchObject([
      {
        call: null,
        detail: {
          value: null,
          confidence: null,
          rawConfidence: null,
          confidenceSource: 'none',
          usage: null,
          attempts: 0,
          failure: { code: 'timed_out', detail: 'late' },
        },
      },
    ]);
  });
});

it('keeps the big model’s audit apart from its answers', () => {
  const [audit] = changesOf(classified({ tier: Tier.BIG, purpose: PolishPurpose.AUDIT }));
  expect(audit).toMatchObject({ kind: 'step', step: 'classify', tier: 'audit', call: priced });
  const [escalated] = changesOf(classified({ tier: Tier.BIG, purpose: PolishPurpose.ESCALATION }));
  expect(escalated).toMatchObject({ tier: 'big' });
});

describe('an audit', () => {
  const found = {
    ...ids,
    task: 'classify',
    kind: AuditKind.SHADOW,
    source: LabelSource.AGREEMENT,
    wrong: true,
    rate: 0.02,
    confidence: 0.9,
    threshold: 0.7,
    fingerprint: 'little|a',
    policyVersion: '1',
    auditedAt: at,
  };
  const change = {
    kind: 'audit',
    messageId: 'm1',
    step: 'classify',
    audit: 'shadow',
    source: 'agreement',
    wrong: true,
    missing: null,
    rate: 0.02,
    confidence: 0.9,
    threshold: 0.7,
    fingerprint: 'little|a',
    policyVersion: '1',
    reviewer: '',
    auditedAtMs: 1_000,
  };
  const label = { case: 'classification', value: { label: 'refund' } } as const;

  it.each<[string, object, readonly unknown[]]>([
    ['with its finding', found, [change]],
    [
      'without a label',
      { ...found, missing: 'over_budget' },
      [{ ...change, wrong: null, missing: 'over_budget' }],
    ],
    [
      'by a person, whose label is the step’s answer too',
      { ...found, kind: AuditKind.PERSON, source: LabelSource.TRUTH, reviewer: 'grace', label },
      [
        { ...change, audit: 'person', source: 'truth', reviewer: 'grace' },
        expect.objectContaining({
          kind: 'step',
          step: 'classify',
          tier: 'human',
          call: null,
          completedAtMs: 1_000,
          detail: expect.objectContaining({
            value: { kind: 'classification', label: 'refund', queue: '', alternatives: [] },
          }),
        }),
      ],
    ],
  ])('is kept %s', (_, init, want) => {
    expect(changesOf(event(AuditRecordedSchema, init))).toEqual(want);
  });

  it.each([{ task: 'clasify' }, { kind: AuditKind.UNSPECIFIED }, { source: LabelSource.UNSPECIFIED }])(
    'that does not say what it is about is malformed: %j',
    (over) => {
      expect(() => changesOf(event(AuditRecordedSchema, { ...found, ...over }))).toThrow(
        expect.objectContaining({ code: 'malformed' }),
      );
    },
  );
});

it.each([
  ['with what the draw rests on', { confidence: 0.9, threshold: 0.7 }, { confidence: 0.9, threshold: 0.7 }],
  ['without what was not there', {}, { confidence: null, threshold: null }],
])('keeps that a person is asked to label, %s', (_, some, kept) => {
  const terms = { rate: 0.1, fingerprint: 'small|fp', policyVersion: '1' };
  const init = { ...ids, step: Step.DRAFT, ...terms, ...some, requestedAt: at };
  expect(changesOf(event(AuditRequestedSchema, init))).toEqual([
    { kind: 'audit-request', messageId: 'm1', step: 'draft', ...terms, ...kept, requestedAtMs: 1_000 },
  ]);
});

it.each([
  ['of its signal', { signal: 'out_of_scope', since: timestampFromMs(400) }, 'out_of_scope', 400],
  ['of labels that do not fit', { signal: 'outside_labels' }, 'outside_labels', 1_000],
  ['of answers off the schema', { signal: 'off_schema' }, 'off_schema', 1_000],
  ['of wrong answers where it names none', {}, 'wrong', 1_000],
  [
    'of answers that people call wrong',
    { signal: 'wrong', labelSource: LabelSource.TRUTH },
    'wrong',
    1_000,
    'truth',
  ],
  [
    'of answers that differ from the big model’s',
    { signal: 'wrong', labelSource: LabelSource.AGREEMENT },
    'wrong',
    1_000,
    'agreement',
  ],
])('keeps an alarm %s', (_, over, signal, sinceMs, labelSource?: string) => {
  const raised = {
    statistic: 24_001,
    level: 24_000,
    labels: 400,
    errors: 31,
    allowed: 0.05,
    response: 'escalate',
  };
  const init = { ...ids, task: 'extract', policyVersion: '1', ...raised, ...over, raisedAt: at };
  const change = { kind: 'alarm', messageId: 'm1', step: 'extract', policyVersion: '1', ...raised };
  expect(changesOf(event(AlarmRaisedSchema, init))).toEqual([
    { ...change, signal, sinceMs, raisedAtMs: 1_000, ...(labelSource === undefined ? {} : { labelSource }) },
  ]);
});

it('refuses an alarm of a signal that there is not', () => {
  const init = { ...ids, task: 'extract', signal: 'mood', raisedAt: at };
  expect(() => changesOf(event(AlarmRaisedSchema, init))).toThrow(
    expect.objectContaining({ code: 'malformed' }),
  );
});

describe('a review', () => {
  it.each([
    ['the polish', { polish: { text: 'polished' }, draft: { text: 'draft' } }, 'polished'],
    ['the draft where there is no polish', { draft: { text: 'draft' } }, 'draft'],
  ])('suggests %s', (_, replies, suggestion) => {
    const made = event(ReviewRequestedSchema, { ...ids, step: Step.POLISH, ...replies });
    expect(changesOf(made)).toMatchObject([{ suggestion }]);
  });

  it.each([
    ['stays open when nothing is to be sent', ReviewDecision.APPROVE, ' \n', 0],
    ['stays open when it was emptied', ReviewDecision.EDIT, '', 0],
    ['is decided when the reply is turned down', ReviewDecision.REJECT, '', 1],
  ])('%s', (_, decision, text, count) => {
    expect(changesOf(event(ReviewDecidedSchema, { ...ids, decision, text }))).toHaveLength(count);
  });
});

describe('a dead letter', () => {
  const letter = {
    ...ids,
    originTopic: 'message.received',
    eventId: 'm1/message.received',
    errorCode: 'malformed',
  };
  it.each([
    ['stops the message when it was the router’s', { ...letter, group: 'router' }, 'm1', true],
    ['is a note when it was a worker’s', { ...letter, group: 'classifier' }, 'm1', false],
    [
      'is a note when it was an audit: no message waits for one',
      { ...letter, group: 'router', originTopic: 'audit.recorded' },
      'm1',
      false,
    ],
    ['is a note when nobody could read it', { ...letter, group: 'router', messageId: '' }, null, false],
  ])('%s', (_, init, messageId, stopsMessage) => {
    expect(changesOf(event(DeadLetteredSchema, { ...init, failedAt: at, errorDetail: 'no event' }))).toEqual([
      {
        kind: 'dead-letter',
        messageId,
        eventId: 'm1/message.received',
        group: init.group,
        topic: init.originTopic,
        code: 'malformed',
        detail: 'no event',
        failedAtMs: 1_000,
        replays: 0,
        stopsMessage,
      },
    ]);
  });

  it('says how often it had been replayed', () => {
    const headers = { 'retry-replays': '2' };
    expect(changesOf(event(DeadLetteredSchema, { ...letter, group: 'router', headers }))).toMatchObject([
      { replays: 2 },
    ]);
  });

  it.each([
    ['that is handled again', 'm1', 'm1'],
    ['that nobody could read, and is handled again', '', null],
  ])('%s leaves a note', (_, messageId, kept) => {
    const { eventId, originTopic } = letter;
    const init = { ...ids, messageId, group: 'router', originTopic, eventId, replays: 2, replayedAt: at };
    expect(changesOf(event(EventReplayedSchema, init))).toEqual([
      { kind: 'replay', messageId: kept, eventId, group: 'router', number: 2, replayedAtMs: 1_000 },
    ]);
  });
});

it.each([
  ['a step', event(StepCompletedSchema, { ...ids, tier: Tier.SMALL })],
  ['a tier', event(StepCompletedSchema, { ...ids, step: Step.DRAFT })],
  ['a verdict', event(DecisionMadeSchema, { ...ids, step: Step.DRAFT, tier: Tier.SMALL })],
  ['a decision', event(ReviewDecidedSchema, ids)],
  ['an author', event(MessageSettledSchema, { ...ids, outcome: Outcome.REPLIED })],
])('refuses an event without %s', (_, made) => {
  expect(() => changesOf(made)).toThrow(expect.objectContaining({ name: 'Fault', code: 'malformed' }));
});

it.each([
  ['takes the log’s time for an event without one', {}, { receivedAtMs: 2_000 }],
  ['has no trace for a record without a header', { headers: {} }, { traceId: '' }],
  ['has no trace for a header that is none', { headers: { traceparent: 'x'.repeat(60) } }, { traceId: '' }],
])('%s', (_, over, change) => {
  const made = event(MessageReceivedSchema, ids);
  expect(changesOf(made, { ...carrier, ...over })).toMatchObject([change]);
});

it('leaves the row of an answer to the call that is made, and to the last word on it', () => {
  const failure = { code: 'over_budget', detail: 'not called' };
  expect(changesOf(classified({ tier: Tier.BIG, result: { case: 'failure', value: failure } }))).toEqual([]);
  const waits = { ...ids, step: Step.CLASSIFY, tier: Tier.BIG, verdict: Verdict.WAIT };
  expect(changesOf(event(DecisionMadeSchema, waits))).toEqual([]);
  expect(changesOf(event(DecisionMadeSchema, { ...waits, waitUntil: timestampFromMs(9_000) }))).toEqual([
    { kind: 'wait', messageId: 'm1', step: 'classify', untilMs: 9_000 },
  ]);
});
