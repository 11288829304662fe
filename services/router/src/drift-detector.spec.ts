import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ALARM_AT } from '@spillway/confidence/drift';
import { decode } from '@spillway/contracts/event';
import {
  AlarmRaisedSchema,
  AuditKind,
  type AuditRecorded,
  AuditRecordedSchema,
  LabelSource,
} from '@spillway/contracts/events';
import type { Certificate, OnAlarm } from '@spillway/policy/certificate';
import type { Policy } from '@spillway/policy/policy';
import { policy } from '@spillway/policy/testing/given';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import type { KeyedState } from '@spillway/store/keyed-state';
import { type DriftWatch, driftWatchKey, readNote } from '@spillway/store/task-watch';
import { createLogger } from '@spillway/telemetry/logger';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { driftDetector } from './drift-detector.js';
import { standingPolicy } from './standing-policy.js';

let folder: string;
let state: KeyedState;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-drift-'));
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db') });
});

afterEach(async () => {
  await state.close();
  rmSync(folder, { recursive: true });
});

const certificate: Certificate = {
  target: 0.05,
  delta: 0.05,
  mode: 'selective',
  labelSource: 'agreement',
  rows: 1_000,
  accepted: 800,
  errors: 20,
  data: 'sha256:0123456789abcdef',
  fingerprint: 'little|a',
  certifiedOn: '2026-11-24',
};

const watching = (onAlarm: OnAlarm, version = '1', over: Partial<Certificate> = {}): Policy => ({
  ...policy,
  version,
  tasks: {
    ...policy.tasks,
    classify: {
      ...policy.tasks.classify,
      certificate: { ...certificate, ...over },
      shadow: { rate: 0.02, onAlarm },
    },
  },
});

let count = 0;

const audited = (wrong: boolean, over: Partial<AuditRecorded> = {}): AuditRecorded => {
  count += 1;
  const init = {
    task: 'classify',
    conversationId: 'c',
    messageId: `m${count}`,
    kind: AuditKind.SHADOW,
    source: LabelSource.AGREEMENT,
    wrong,
    rate: 0.02,
    threshold: 0.7,
    policyVersion: '1',
    auditedAt: timestampFromMs(count),
  };
  return create(AuditRecordedSchema, { ...init, ...over } as object);
};

function detectorUnder(inForce: Policy) {
  const labels: boolean[] = [];
  const detect = driftDetector({ state, policy: inForce, onLabel: (_, { wrong }) => labels.push(wrong) });
  return { detect, labels };
}

/** Wrong answers until the alarm is told of, and how many that took. */
async function untilAlarm(detect: ReturnType<typeof driftDetector>, over: Partial<AuditRecorded> = {}) {
  for (let n = 1; n < 100; n += 1) {
    const event = audited(true, over);
    const outputs = await detect(event);
    if (outputs.length > 0) return { event, outputs, n };
  }
  throw new Error('no alarm');
}

const watchOf = async (version = '1') =>
  (await readNote<DriftWatch>(state, driftWatchKey('classify', version)))?.value;

describe('the drift detector', () => {
  it('raises an alarm once wrong answers pile up, and tells of it again with its audit', async () => {
    const { detect } = detectorUnder(watching('escalate'));
    const { event, outputs, n } = await untilAlarm(detect);
    // The statistic doubles with each, and one more: 2, 6, 14, …
    expect(n).toBe(14);
    const [alarm] = outputs;
    expect(alarm).toMatchObject({ id: `${event.messageId}/alarm.raised/classify`, key: 'classify' });
    expect(decode(AlarmRaisedSchema, alarm?.value ?? new Uint8Array())).toMatchObject({
      task: 'classify',
      policyVersion: '1',
      level: ALARM_AT,
      labels: 14,
      errors: 14,
      allowed: 0.05,
      response: 'escalate',
      raisedAt: event.auditedAt,
      labelSource: LabelSource.AGREEMENT,
    });
    expect(await detect(event)).toEqual(outputs);
    expect(await detect(audited(true))).toEqual([]);
  });

  it('tells of an alarm that another process raised with the same audit in between', async () => {
    const inForce = watching('escalate');
    for (let n = 0; n < 13; n += 1) await detectorUnder(inForce).detect(audited(true));
    const event = audited(true);
    const get = state.get.bind(state);
    vi.spyOn(state, 'get').mockImplementationOnce(async (key) => {
      const found = await get(key);
      await detectorUnder(inForce).detect(event);
      return found;
    });
    expect(await detectorUnder(inForce).detect(event)).toMatchObject([{ key: 'classify' }]);
    expect((await watchOf())?.alarms).toMatchObject([{ labels: 14, labelSource: 'agreement' }]);
  });

  it('counts each audit once, also one that comes again long after', async () => {
    const { detect, labels } = detectorUnder(watching('escalate'));
    const events = [true, false, true].map((wrong) => audited(wrong));
    for (const event of [...events, ...events, ...events.toReversed()]) await detect(event);
    expect(labels).toEqual([true, false, true]);
    expect((await watchOf())?.drift).toMatchObject({ labels: 3, errors: 2 });
  });

  it('stays quiet while answers are right', async () => {
    const { detect } = detectorUnder(watching('escalate'));
    for (let n = 0; n < 200; n += 1) expect(await detect(audited(n % 40 === 0))).toEqual([]);
  });

  it.each<[string, Partial<AuditRecorded>]>([
    ['an escalated answer', { kind: AuditKind.ESCALATED }],
    ['a person’s pick', { kind: AuditKind.PERSON }],
    ['an audit without a label', { missing: 'over_budget' }],
    ['a person’s label where the policy asks the big model', { source: LabelSource.TRUTH }],
    ['a decision under another policy', { policyVersion: '0' }],
    ['a task that is not watched', { task: 'extract' }],
  ])('passes over %s', async (_, over) => {
    const { detect, labels } = detectorUnder(watching('escalate'));
    await detect(audited(true, over));
    expect(labels).toEqual([]);
  });

  it('watches nothing where every other answer may be wrong', async () => {
    const { detect, labels } = detectorUnder(
      watching('escalate', '1', { mode: 'joint', target: 0.4, accepted: 500 }),
    );
    await detect(audited(true));
    expect(labels).toEqual([]);
  });

  it('refuses an audit of a task that there is not', async () => {
    const { detect } = detectorUnder(watching('escalate'));
    await expect(detect(audited(true, { task: 'dance' }))).rejects.toMatchObject({ code: 'malformed' });
  });

  it('counts a label for less the more often such answers are drawn', async () => {
    const inForce = watching('escalate');
    const { classify } = inForce.tasks;
    const shadow = { rate: 0.02, rates: [0.005, 0.005, 0.04, 0.01], onAlarm: 'escalate' } as const;
    const spread = { ...inForce, tasks: { ...inForce.tasks, classify: { ...classify, shadow } } };
    const { detect } = detectorUnder(spread);
    await detect(audited(true, { rate: 0.01 }));
    expect((await watchOf())?.drift.statistic).toBeCloseTo(2, 12);
    // A quarter of what it would be at the lowest rate of kept answers: 1 + 0.25.
    await detect(audited(true, { rate: 0.04 }));
    expect((await watchOf())?.drift.statistic).toBeCloseTo(3 * 1.25, 12);
  });

  it('begins anew with each version of the policy', async () => {
    await untilAlarm(detectorUnder(watching('escalate')).detect);
    const next = detectorUnder(watching('escalate', '2'));
    await next.detect(audited(true, { policyVersion: '2' }));
    expect(await watchOf('2')).toMatchObject({ drift: { labels: 1 }, alarms: [] });
  });

  it('escalates what drifts on after it was tightened, and counts only what the raised threshold kept', async () => {
    const { detect, labels } = detectorUnder(watching('tighten'));
    const first = await untilAlarm(detect);
    expect((await watchOf())?.alarms).toMatchObject([{ response: 'tighten', labels: 14 }]);
    const before = labels.length;
    for (let n = 0; n < 30; n += 1) expect(await detect(audited(true))).toEqual([]);
    expect(labels.length).toBe(before);
    const second = await untilAlarm(detect, { threshold: 0.85 });
    expect(second.n).toBe(14);
    expect((await watchOf())?.alarms.map(({ response }) => response)).toEqual(['tighten', 'escalate']);
    expect(await detect(first.event)).toEqual(first.outputs);
  });
});

describe('the policy in force', () => {
  const log = createLogger('test');
  let elapsedMs: number;
  const standing = (inForce: Policy) =>
    standingPolicy({ state, policy: inForce, log, elapsed: () => elapsedMs, everyMs: 3_000 });
  beforeEach(() => {
    elapsedMs = 0;
  });

  it('learns of an alarm within seconds, and keeps it until another version is in force', async () => {
    const read = standing(watching('escalate'));
    expect(await read()).toEqual(watching('escalate'));
    await untilAlarm(detectorUnder(watching('escalate')).detect);
    elapsedMs = 2_999;
    expect((await read()).alarms).toBeUndefined();
    elapsedMs = 3_000;
    expect((await read()).alarms).toMatchObject({
      classify: { response: 'escalate', labels: 14, errors: 14 },
    });
    expect((await standing(watching('escalate', '2'))()).alarms).toBeUndefined();
  });

  it('looks once for all who ask meanwhile, and not at all where nothing is watched', async () => {
    const get = vi.spyOn(state, 'get');
    const read = standing(watching('escalate'));
    await Promise.all([read(), read(), read()]);
    expect(get).toHaveBeenCalledTimes(1);
    await standing(policy)();
    expect(get).toHaveBeenCalledTimes(1);
  });

  it('holds to the last look while the state is out of reach', async () => {
    const read = standing(watching('escalate'));
    await untilAlarm(detectorUnder(watching('escalate')).detect);
    await read();
    vi.spyOn(state, 'get').mockRejectedValue(new Error('gone'));
    elapsedMs = 10_000;
    expect((await read()).alarms).toMatchObject({ classify: { errors: 14 } });
  });
});
