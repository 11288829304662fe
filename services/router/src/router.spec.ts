import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Bus, BusRecord } from '@spillway/bus/bus';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { type Served, serve } from '@spillway/bus/serve';
import { emit, topicOf } from '@spillway/contracts/event';
import { MessageReceivedSchema, StepCompletedSchema } from '@spillway/contracts/events';
import { Mood, Step, Tier } from '@spillway/contracts/model';
import { eventSchemas } from '@spillway/contracts/topology';
import { policy } from '@spillway/policy/testing/given';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import type { KeyedState } from '@spillway/store/keyed-state';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RouterModule } from './router.module.js';

let folder: string;
let bus: Bus;
let state: KeyedState;
let router: Served;
let aheadMs: number;
const seen: BusRecord[] = [];

beforeEach(async () => {
  seen.length = 0;
  aheadMs = 0;
  folder = mkdtempSync(join(tmpdir(), 'spillway-router-'));
  bus = openEmbeddedBus({ path: join(folder, 'bus.db') });
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db') });
  await bus.tail(eventSchemas.map(topicOf), (record) => seen.push(record));
  router = await serve({
    bus,
    group: 'router',
    module: RouterModule.with({ bus, state, policy, now: () => Date.now() + aheadMs }),
    slots: 16,
    order: 'key',
    deadlineMs: 5_000,
  });
});

afterEach(async () => {
  await router.close(5_000);
  await bus.close();
  await state.close();
  rmSync(folder, { recursive: true });
});

const ids = { conversationId: 'c1', messageId: 'm1' };
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const traced = <T extends object>(event: T): T => ({ ...event, headers: { traceparent } });

const received = traced(
  emit(MessageReceivedSchema, { ...ids, channel: 'form', text: 'hello', receivedAt: timestampFromMs(0) }),
);

const completed = (step: Step, result: Parameters<typeof emit<typeof StepCompletedSchema>>[1]['result']) =>
  traced(
    emit(
      StepCompletedSchema,
      { ...ids, step, tier: Tier.SMALL, confidence: { calibrated: 0.9 }, ...(result ? { result } : {}) },
      `${step}:small`,
    ),
  );

const published = (topic: string): BusRecord | undefined => seen.find((record) => record.topic === topic);

describe('the router on the bus', () => {
  it('turns answers into decisions, a draft request and a settled message, all in one trace', async () => {
    await bus.publish([
      received,
      completed(Step.CLASSIFY, { case: 'classification', value: { label: 'order_status' } }),
      completed(Step.EXTRACT, { case: 'extraction', value: {} }),
      completed(Step.SENTIMENT, { case: 'sentiment', value: { mood: Mood.NEUTRAL } }),
    ]);
    await vi.waitFor(() => expect(published('draft.requested')).toBeDefined());
    await bus.publish([completed(Step.DRAFT, { case: 'draft', value: { text: 'on its way' } })]);
    await vi.waitFor(() => expect(published('message.settled')?.id).toBe('m1/message.settled'));
    const traces = new Set(seen.map(({ headers }) => headers['traceparent']?.slice(3, 35)));
    expect(traces).toEqual(new Set(['a'.repeat(32)]));
  });

  it('asks the big model when time is over, in the same trace', async () => {
    await bus.publish([received]);
    await vi.waitFor(async () => expect(await state.due(Number.MAX_SAFE_INTEGER, 1)).toHaveLength(1));
    aheadMs = policy.deadlines.smallMs;
    // The clock looks once a second.
    await vi.waitFor(() => expect(published('polish.requested')).toBeDefined(), { timeout: 10_000 });
    expect(seen.filter(({ topic }) => topic === 'deadline.passed')).toHaveLength(1);
    expect(published('polish.requested')?.headers['traceparent']).toContain('a'.repeat(32));
  });

  it('parks an answer that fits no step, and goes on', async () => {
    const parked: BusRecord[] = [];
    await bus.tail(['step.completed.router.dead'], (record) => parked.push(record));
    await bus.publish([received, completed(Step.CLASSIFY, { case: 'polish', value: { text: 'odd' } })]);
    await vi.waitFor(() => expect(parked).toHaveLength(1));
    await bus.publish([completed(Step.EXTRACT, { case: 'extraction', value: {} })]);
    await vi.waitFor(() => expect(published('decision.made')?.id).toBe('m1/decision.made/extract:small'));
  });
});
