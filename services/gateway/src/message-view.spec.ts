import type { MessageView, StepView } from '@spillway/store/ledger';
import { describe, expect, it } from 'vitest';
import { messageListSchema, messageViewSchema } from './message-schema.js';
import { headOf, messageJson, receivedJson } from './message-view.js';

const classified: StepView = {
  step: 'classify',
  tier: 'small',
  value: { kind: 'classification', label: 'refund', queue: 'money', alternatives: [] },
  confidence: 0.6,
  rawConfidence: 0.7,
  confidenceSource: 'embedded',
  usage: { inputTokens: 9, cachedInputTokens: 0, outputTokens: 1, reasoningTokens: 0, estimated: true },
  latencyMs: 0.4,
  attempts: 1,
  failure: null,
  model: 'intent',
  embedded: true,
  costNanos: 0n,
  completedAtMs: 1_000,
};
const drafted: StepView = {
  ...classified,
  step: 'draft',
  value: { kind: 'draft', text: 'Hi', macroId: 'm-1', missingFields: ['order'] },
  usage: null,
};

const message: MessageView = {
  id: 'm1',
  conversationId: 'c1',
  channel: 'chat',
  customer: 'ada',
  subject: '',
  text: 'refund me',
  locale: 'en',
  customerFacing: null,
  status: 'settled',
  intent: 'refund',
  queue: 'money',
  steps: [classified],
  decisions: [
    {
      step: 'classify',
      tier: 'small',
      verdict: 'accept',
      reasons: ['sure enough'],
      confidence: 0.6,
      threshold: null,
      policyVersion: '3',
      decidedAtMs: 2_000,
    },
  ],
  reply: { text: 'Hello', by: 'big' },
  outcome: 'replied',
  review: {
    id: 'r1',
    messageId: 'm1',
    conversationId: 'c1',
    step: 'draft',
    reasons: ['unsure'],
    suggestion: 'Hi',
    requestedAtMs: 3_000,
    decided: { decision: 'approve', reviewer: 'local', atMs: 4_000 },
  },
  waiting: null,
  audits: [],
  openAudits: [
    {
      step: 'classify',
      rate: 0.1,
      confidence: 0.6,
      threshold: 0.5,
      fingerprint: 'f',
      policyVersion: '3',
      requestedAtMs: 1,
    },
  ],
  deadLetters: [
    {
      eventId: 'e',
      group: 'drafter',
      topic: 't',
      code: 'unknown',
      detail: 'd',
      failedAtMs: 1,
      replays: 1,
      replayedAtMs: 2_000,
    },
  ],
  costNanos: 12n,
  baselineNanos: null,
  projectedNanos: 2n ** 60n,
  estimated: true,
  traceId: 'f'.repeat(32),
  receivedAtMs: 0,
  settledAtMs: 5_000,
};

const now = 10_000;
const shown = (view: object): unknown => messageViewSchema.strict().parse(JSON.parse(JSON.stringify(view)));

it('shows a message in the shape that the description gives', () => {
  expect(shown(messageJson({ ...message, steps: [classified, drafted] }, now))).toMatchObject({
    id: 'm1',
    status: 'settled',
    steps: {
      classify: {
        value: { label: 'refund', queue: 'money', alternatives: [] },
        confidence: 0.6,
        model: 'intent',
        tier: 'small',
        cost_nanos: 0,
        latency_ms: 0.4,
        earlier: [],
      },
      draft: { value: { text: 'Hi', macro_id: 'm-1', missing_fields: ['order'] } },
    },
    decisions: [{ step: 'classify', verdict: 'accept', reasons: ['sure enough'], policy_version: '3' }],
    reply: { text: 'Hello', by: 'big' },
    cost_nanos: 12,
    baseline_nanos: null,
    received_at: '1970-01-01T00:00:00.000Z',
    settled_at: '1970-01-01T00:00:05.000Z',
    review: { id: 'r1', decision: 'approve', reviewer: 'local' },
    labels_wanted: ['classify'],
    dead_letters: [
      { failed_at: '1970-01-01T00:00:00.001Z', replays: 1, replayed_at: '1970-01-01T00:00:02.000Z' },
    ],
  });
  expect(JSON.stringify(messageJson(message, now))).toContain('"projected_cost_nanos":1152921504606846976');
});

it('lists messages without their steps', () => {
  const page = JSON.parse(JSON.stringify({ items: [headOf(message, now)], next_cursor: null }));
  expect(messageListSchema.parse(page)).toEqual(page);
  expect(page.items[0]).not.toHaveProperty('steps');
});

it.each([
  ['until then', 11_000, { for: 'budget', step: 'polish', until: '1970-01-01T00:00:11.000Z' }],
  ['and no longer', 10_000, null],
])('says that a message waits for the budget, %s', (_, untilMs, waiting) => {
  const view: MessageView = { ...message, status: 'in_progress', waiting: { step: 'polish', untilMs } };
  expect(shown(messageJson(view, now))).toMatchObject({ waiting });
});

it('shows a message that only its receipt knows', () => {
  const trace = 'a'.repeat(32);
  const receipt = {
    id: 'm1',
    conversationId: 'c1',
    channel: 'api',
    trace: { traceparent: `00-${trace}-${'b'.repeat(16)}-01` },
    receivedAtMs: 0,
  };
  expect(shown(receivedJson(receipt))).toMatchObject({ status: 'received', steps: {}, trace_id: trace });
});

describe('of several results of one step', () => {
  const failed: StepView = { ...classified, value: null, failure: { code: 'timed_out', detail: 'late' } };
  const big: StepView = { ...classified, tier: 'big', model: 'frontier' };
  const tiersOf = (steps: readonly StepView[]): unknown => {
    const { classify } = (messageJson({ ...message, steps }, now) as { steps: Record<string, StepJson> })
      .steps;
    return [classify?.tier, ...(classify?.earlier ?? []).map(({ tier }) => tier)];
  };
  interface StepJson {
    readonly tier: string;
    readonly earlier: readonly { readonly tier: string }[];
  }

  it.each([
    ['the big one counts', [classified, big], ['big', 'small']],
    ['also when the small one is late', [big, classified], ['big', 'small']],
    ['not when it failed', [classified, { ...failed, tier: 'big' as const }], ['small', 'big']],
    ['it does when both failed', [failed, { ...failed, tier: 'big' as const }], ['big', 'small']],
  ])('%s', (_, steps, tiers) => {
    expect(tiersOf(steps)).toEqual(tiers);
  });
});
