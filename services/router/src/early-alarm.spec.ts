import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Bus } from '@spillway/bus/bus';
import { openEmbeddedBus } from '@spillway/bus/embedded';
import { type Served, serve } from '@spillway/bus/serve';
import { decode, emit } from '@spillway/contracts/event';
import {
  type AlarmRaised,
  AlarmRaisedSchema,
  AuditKind,
  AuditRecordedSchema,
  type DecisionMade,
  DecisionMadeSchema,
  LabelSource,
  MessageReceivedSchema,
  StepCompletedSchema,
  Verdict,
} from '@spillway/contracts/events';
import { Step, Tier } from '@spillway/contracts/model';
import type { Policy } from '@spillway/policy/policy';
import { policy } from '@spillway/policy/testing/given';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import type { KeyedState } from '@spillway/store/keyed-state';
import { configureLogs } from '@spillway/telemetry/logger';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RouterModule } from './router.module.js';

configureLogs({ level: 'silent' });

const watched: Policy = {
  ...policy,
  tasks: {
    ...policy.tasks,
    classify: {
      ...policy.tasks.classify,
      certificate: {
        target: 0.05,
        delta: 0.05,
        mode: 'selective',
        labelSource: 'agreement',
        rows: 1_000,
        accepted: 900,
        errors: 20,
        data: 'sha256:0123456789abcdef',
        fingerprint: 'little|a',
        expected: { rows: 1_000, belowThreshold: 100, outOfScope: 10, scores: [1_000] },
        certifiedOn: '2026-11-24',
      },
      shadow: { rate: 0.02, onAlarm: 'tighten' },
    },
  },
};

let folder: string;
let bus: Bus;
let state: KeyedState;
let router: Served;
const decisions: DecisionMade[] = [];
const alarms: AlarmRaised[] = [];

beforeEach(async () => {
  decisions.length = 0;
  alarms.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'spillway-early-alarm-'));
  bus = openEmbeddedBus({ path: join(folder, 'bus.db') });
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db') });
  await bus.tail(['decision.made'], ({ value }) => decisions.push(decode(DecisionMadeSchema, value)));
  await bus.tail(['alarm.raised'], ({ value }) => alarms.push(decode(AlarmRaisedSchema, value)));
  const module = RouterModule.with({ bus, state, policy: watched, now: Date.now });
  router = await serve({ bus, group: 'router', module, slots: 16, order: 'key', deadlineMs: 5_000 });
});

afterEach(async () => {
  await router.close(5_000);
  await bus.close();
  await state.close();
  rmSync(folder, { recursive: true });
});

/** A message, how sure the small model is of its intent, and an audit that finds it right. */
function traffic(id: string, calibrated: number) {
  const ids = { conversationId: id, messageId: id };
  return [
    emit(MessageReceivedSchema, { ...ids, channel: 'form', text: 'hello', receivedAt: timestampFromMs(0) }),
    emit(
      StepCompletedSchema,
      {
        ...ids,
        step: Step.CLASSIFY,
        tier: Tier.SMALL,
        confidence: { calibrated },
        result: { case: 'classification', value: { label: 'order_status' } },
        call: { fingerprint: 'little|a' },
      },
      'classify:small',
    ),
    emit(
      AuditRecordedSchema,
      {
        ...ids,
        task: 'classify',
        kind: AuditKind.SHADOW,
        source: LabelSource.AGREEMENT,
        wrong: false,
        rate: 0.02,
        threshold: 0.7,
        policyVersion: policy.version,
      },
      'classify:shadow',
    ),
  ];
}

it('tightens where traffic moves under the threshold, although every audit finds the kept answers right', async () => {
  const scores = Array.from({ length: 300 }, (_, n) => ((n < 200 ? n % 10 : n % 2) === 0 ? 0.6 : 0.8));
  await bus.publish(scores.flatMap((score, n) => traffic(`m${n}`, score)));
  await vi.waitFor(() => expect(alarms).toHaveLength(1), { timeout: 20_000 });
  const [alarm] = alarms;
  expect(alarm).toMatchObject({ task: 'classify', signal: 'below_threshold', response: 'tighten' });
  expect((alarm?.errors ?? 0) / (alarm?.labels ?? 1)).toBeGreaterThan(alarm?.allowed ?? 1);

  let next = 0;
  const tightened = await vi.waitFor(
    async () => {
      next += 1;
      await bus.publish(traffic(`later-${next}`, 0.8));
      const found = decisions.find(({ threshold }) => threshold === 0.85);
      expect(found).toBeDefined();
      return found;
    },
    { timeout: 20_000, interval: 100 },
  );
  expect(tightened).toMatchObject({ verdict: Verdict.ESCALATE, confidence: 0.8 });
  expect(tightened?.reasons.join(' / ')).toMatch(
    /drift alarm: \d+ of \d+ answers \(.* %\) were under the threshold since .* UTC, at most .* % were expected: the threshold is raised/,
  );
}, 60_000);
