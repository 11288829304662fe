import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '@spillway/bus/bus';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { type Served, serve } from '@spillway/bus/serve';
import { emit, emitTo, type Outgoing, topicOf } from '@spillway/contracts/event';
import {
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
  ReviewDecidedSchema,
  ReviewDecision,
  ReviewRequestedSchema,
  StepCompletedSchema,
  Verdict,
} from '@spillway/contracts/events';
import { Step, Tier } from '@spillway/contracts/model';
import { deadTopic } from '@spillway/contracts/topology';
import { openEmbeddedLedger } from '@spillway/store/embedded-ledger';
import type { Ledger } from '@spillway/store/ledger';
import { configureLogs } from '@spillway/telemetry/logger';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LedgerModule } from './ledger.module.js';
import type { PriceList } from './pricing.js';

const both = { small: 'small-8b', big: 'frontier' };
const model = { driver: 'openai', timeoutMs: 1, maxAttempts: 1, concurrency: 1 } as const;
const pack: PriceList = {
  models: [
    {
      ...model,
      name: 'small-8b',
      model: 'small-8b',
      tier: 'small',
      prices: [{ from: '2026-01-01', inputPerMillion: 1_000_000n, outputPerMillion: 0n }],
    },
    {
      ...model,
      name: 'frontier',
      model: 'frontier',
      tier: 'big',
      prices: [{ from: '2026-01-01', inputPerMillion: 100_000_000n, outputPerMillion: 0n }],
    },
  ],
  steps: { classify: both, extract: both, sentiment: both, draft: both, polish: both },
  reference: both,
};

configureLogs({ level: 'silent' });

let folder: string;
let bus: Bus;
let ledger: Ledger;
let service: Served;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-ledger-service-'));
  bus = openEmbeddedBus({ path: join(folder, 'bus.db') });
  ledger = openEmbeddedLedger({ path: join(folder, 'ledger.db') });
  service = await serve({
    bus,
    group: 'ledger',
    module: LedgerModule.with({ ledger, pack }),
    slots: 64,
    order: 'none',
    deadlineMs: 5_000,
  });
});
afterEach(async () => {
  await service.close(1_000);
  await bus.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
});

const ids = { messageId: 'm1', conversationId: 'c1' };
const traced = (event: Outgoing): Outgoing => ({
  ...event,
  headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
});
const received = traced(emit(MessageReceivedSchema, { ...ids, channel: 'email', text: 'Where is it?' }));
const draftOf = (tier: Tier, name: string) =>
  emit(
    StepCompletedSchema,
    {
      ...ids,
      step: Step.DRAFT,
      tier,
      result: { case: 'draft', value: { text: 'Soon.' } },
      call: { model: name, tier, usage: { inputTokens: 5n, outputTokens: 2n }, costNanos: 5n },
    },
    `draft:${tier}`,
  );
const decision = emit(
  DecisionMadeSchema,
  { ...ids, step: Step.DRAFT, tier: Tier.SMALL, verdict: Verdict.ACCEPT },
  'draft:small',
);
const settled = emit(MessageSettledSchema, {
  ...ids,
  outcome: Outcome.REPLIED,
  reply: 'Soon.',
  replyBy: Tier.SMALL,
});

const idle = () => vi.waitFor(() => expect(service.health()).toMatchObject({ lag: 0, inFlight: 0 }), 10_000);

it('keeps a whole message, with its bill and its trace, from the events on the bus', async () => {
  await bus.publish([settled, decision, draftOf(Tier.SMALL, 'small-8b'), received]);
  await idle();
  expect(await ledger.message('m1')).toMatchObject({
    status: 'settled',
    text: 'Where is it?',
    reply: { text: 'Soon.', by: 'small' },
    steps: [{ step: 'draft', tier: 'small', model: 'small-8b' }],
    decisions: [{ step: 'draft', verdict: 'accept' }],
    costNanos: 5n,
    // The draft's five tokens on the big model, and a polish that reads them and the two of the draft.
    baselineNanos: 500n + 700n,
    projectedNanos: 5n,
    traceId: '0af7651916cd43dd8448eb211c80319c',
  });
});

it('changes nothing when every event comes again', async () => {
  const events = [received, draftOf(Tier.SMALL, 'small-8b'), decision, settled];
  await bus.publish(events);
  await idle();
  const before = [await ledger.message('m1'), await ledger.savings({})];
  await bus.publish(events.toReversed());
  await idle();
  expect([await ledger.message('m1'), await ledger.savings({})]).toEqual(before);
});

it('shows a review while it is open', async () => {
  const review = { ...ids, reviewId: 'm1', step: Step.DRAFT };
  await bus.publish([received, emit(ReviewRequestedSchema, { ...review, reasons: ['late'] })]);
  await idle();
  expect((await ledger.reviews({ limit: 5 })).items).toMatchObject([{ id: 'm1', reasons: ['late'] }]);
  const decided = { ...review, decision: ReviewDecision.REJECT, reviewer: 'grace' };
  await bus.publish([emit(ReviewDecidedSchema, decided)]);
  await idle();
  expect((await ledger.reviews({ limit: 5 })).items).toEqual([]);
});

it('fails a message that the router could not handle', async () => {
  const letter = {
    ...ids,
    group: 'router',
    originTopic: topicOf(MessageReceivedSchema),
    eventId: received.id,
  };
  await bus.publish([received, emitTo(deadTopic(letter.originTopic, 'router'), DeadLetteredSchema, letter)]);
  await idle();
  expect(await ledger.message('m1')).toMatchObject({ status: 'failed', deadLetters: [{ group: 'router' }] });
  await bus.publish([emit(EventReplayedSchema, { ...letter, replays: 1 })]);
  await idle();
  expect(await ledger.message('m1')).toMatchObject({ status: 'in_progress', deadLetters: [{ replays: 0 }] });
});

it('asks for a label until there is one', async () => {
  const asked = { ...ids, step: Step.CLASSIFY, rate: 0.1 };
  await bus.publish([received, emit(AuditRequestedSchema, asked, 'classify')]);
  await idle();
  expect((await ledger.openAudits({ limit: 5 })).items).toMatchObject([
    { messageId: 'm1', step: 'classify' },
  ]);
  const label = { ...ids, task: 'classify', kind: AuditKind.SHADOW, source: LabelSource.TRUTH, rate: 0.1 };
  await bus.publish([emit(AuditRecordedSchema, label, 'classify:shadow')]);
  await idle();
  expect((await ledger.openAudits({ limit: 5 })).items).toEqual([]);
});

it('parks an event that does not say what it is about', async () => {
  await bus.publish([received, emit(StepCompletedSchema, ids, 'nothing')]);
  await vi.waitFor(async () => expect((await ledger.counts()).deadLetters).toBe(1), 10_000);
  expect(await ledger.message('m1')).toMatchObject({
    status: 'received',
    deadLetters: [{ group: 'ledger', topic: 'step.completed', code: 'malformed' }],
  });
});
