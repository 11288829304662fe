import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, type Outgoing } from '@spillway/contracts/event';
import { AlarmRaisedSchema } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import type { StepAnswer } from '@spillway/policy/case';
import type { Certificate, OnAlarm } from '@spillway/policy/certificate';
import type { Turn } from '@spillway/policy/decide';
import type { Policy } from '@spillway/policy/policy';
import { answered, policy } from '@spillway/policy/testing/given';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import type { KeyedState } from '@spillway/store/keyed-state';
import {
  type DriftWatch,
  driftWatchKey,
  readNote,
  type ShareWatch,
  shareWatchKey,
} from '@spillway/store/task-watch';
import { configureLogs, createLogger } from '@spillway/telemetry/logger';
import { registry } from '@spillway/telemetry/metrics';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { driftObserver } from './drift-observer.js';
import { shareWatch } from './share-watch.js';
import { standingPolicy } from './standing-policy.js';

let folder: string;
let state: KeyedState;
let published: Outgoing[];
let nowMs: number;
const lines: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-shares-'));
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db') });
  published = [];
  nowMs = Date.UTC(2026, 10, 25);
  lines.length = 0;
});

afterEach(async () => {
  await state.close();
  rmSync(folder, { recursive: true });
});

const expected = { rows: 1_000, belowThreshold: 40, outOfScope: 10, scores: [1_000] };
const certificate: Certificate = {
  target: 0.05,
  delta: 0.05,
  mode: 'selective',
  labelSource: 'agreement',
  rows: 1_000,
  accepted: 960,
  errors: 20,
  data: 'sha256:0123456789abcdef',
  fingerprint: 'little|a',
  expected,
  certifiedOn: '2026-11-24',
};

function watching(onAlarm: OnAlarm, certified: Certificate = certificate): Policy {
  const classify = {
    ...policy.tasks.classify,
    certificate: certified,
    shadow: { rate: 0.02, onAlarm },
  };
  return { ...policy, tasks: { ...policy.tasks, classify } };
}

function watchUnder(inForce: Policy) {
  configureLogs({ destination: { write: (line) => lines.push(line) } });
  const log = createLogger('router');
  return shareWatch({
    state,
    bus: {
      publish: async (outgoing) => {
        published.push(...outgoing);
      },
    },
    policy: inForce,
    log,
    now: () => nowMs++,
    everyMs: 1_000_000,
    onSaved: driftObserver(log).shared,
  });
}

/** The turn in which a classification was decided on. */
function decided(confidence: number, label = 'refund'): Turn {
  const { answer } = answered('classify', confidence) as { readonly answer: StepAnswer };
  const told = { ...answer, fingerprint: 'little|a', result: { label } } as StepAnswer;
  const action = { step: 'classify', tier: 'small', verdict: 'escalate', reasons: [] } as const;
  return {
    kase: { phase: 'open', steps: { classify: { answer: told } }, behind: false },
    actions: [{ type: 'decided', ...action }],
  };
}

type Watch = ReturnType<typeof watchUnder>;
const see = (watch: Watch, count: number, confidence: number, label?: string) => {
  for (let n = 0; n < count; n += 1) watch.seen(`m${nowMs}`, decided(confidence, label));
};

const alarms = async () =>
  (await readNote<DriftWatch>(state, driftWatchKey('classify', policy.version)))?.value.alarms ?? [];
const shares = async () =>
  (await readNote<ShareWatch>(state, shareWatchKey('classify', policy.version)))?.value;

describe('the shares of the traffic', () => {
  it('raise an alarm without a label once more lies under the threshold, with the reason', async () => {
    const watch = watchUnder(watching('tighten'));
    see(watch, 60, 0.9);
    see(watch, 30, 0.6);
    await watch.save();
    const [alarm] = await alarms();
    expect(alarm).toMatchObject({
      signal: 'below_threshold',
      response: 'tighten',
      sinceMs: Date.UTC(2026, 10, 25) + 60,
      level: 72_000,
      allowed: expect.closeTo(0.0567, 3),
    });
    expect(alarm?.errors).toBe(alarm?.labels);
    expect(alarm?.untold).toBeUndefined();
    const [event] = published;
    expect(event?.id).toBe(`${alarm?.messageId}/alarm.raised/classify:below_threshold`);
    expect(decode(AlarmRaisedSchema, event?.value ?? new Uint8Array())).toMatchObject({
      task: 'classify',
      signal: 'below_threshold',
      labels: alarm?.labels,
      response: 'tighten',
    });
    expect(JSON.parse(lines.at(-1) ?? '{}').reason).toMatch(
      /^(\d+) of \1 answers \(100 %\) were under the threshold since 2026-11-25 00:00 UTC, at most 5\.\d+ % were expected$/,
    );
    const metrics = await registry.metrics();
    expect(metrics).toMatch(
      /spillway_drift_alarms_total\{step="classify",signal="below_threshold",source="none"\} 1/,
    );
    expect(metrics).toMatch(
      /spillway_drift_statistic\{step="classify",signal="out_of_scope",source="none"\} \d/,
    );
  });

  it('raise one where sure answers call more and more messages out of scope', async () => {
    const watch = watchUnder(watching('escalate'));
    see(watch, 30, 0.9, 'out_of_scope');
    await watch.save();
    expect(await alarms()).toMatchObject([{ signal: 'out_of_scope', response: 'escalate' }]);
  });

  it('raise none while they are as expected', async () => {
    const watch = watchUnder(watching('escalate'));
    for (let n = 0; n < 40; n += 1) {
      see(watch, 24, 0.9);
      see(watch, 1, 0.6);
    }
    await watch.stop();
    expect([await alarms(), published]).toEqual([[], []]);
    expect(await shares()).toMatchObject({
      below_threshold: { drift: { labels: 1_000, errors: 40 } },
      out_of_scope: { drift: { labels: 1_000, errors: 0 } },
    });
  });

  it('raise one alarm and no second while it stands', async () => {
    const watch = watchUnder(watching('tighten'));
    see(watch, 99, 0.6);
    await watch.save();
    const another = watchUnder(watching('tighten'));
    see(another, 99, 0.6, 'out_of_scope');
    await another.save();
    const get = vi.spyOn(state, 'get');
    for (const each of [watch, another]) {
      see(each, 99, 0.6);
      await each.save();
    }
    expect(get).not.toHaveBeenCalled();
    expect(await alarms()).toHaveLength(1);
    expect(published).toHaveLength(1);
  });

  it('are not watched where the certificate does not say what to expect', async () => {
    const [get, write] = [vi.spyOn(state, 'get'), vi.spyOn(state, 'write')];
    const { expected: _, ...old } = certificate;
    const watch = watchUnder(watching('tighten', old));
    see(watch, 300, 0.6);
    await watch.stop();
    expect([get, write].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  });
});

describe('what was seen', () => {
  it('is saved every hundred answers and at the end', async () => {
    const watch = watchUnder(watching('escalate'));
    await watch.save();
    const write = vi.spyOn(state, 'write');
    for (const writes of [1, 2]) {
      see(watch, 100, 0.9);
      await vi.waitFor(() => expect(write).toHaveBeenCalledTimes(writes));
    }
    see(watch, 50, 0.9);
    await watch.stop();
    expect(write).toHaveBeenCalledTimes(3);
    expect(await shares()).toMatchObject({ below_threshold: { drift: { labels: 250 } } });
  });

  it('is added up when two processes save at once', async () => {
    const watches = [watchUnder(watching('escalate')), watchUnder(watching('escalate'))];
    for (const watch of watches) see(watch, 99, 0.9);
    await Promise.all(watches.map((watch) => watch.stop()));
    expect(await shares()).toMatchObject({ below_threshold: { drift: { labels: 198 } } });
  });

  it('is given up, not counted twice, where nobody knows whether it was saved', async () => {
    const watch = watchUnder(watching('escalate'));
    const write = vi.spyOn(state, 'write').mockRejectedValueOnce(new Fault('unavailable', 'gone'));
    see(watch, 50, 0.9);
    await watch.save();
    expect(lines.at(-1)).toContain('could not be saved');
    see(watch, 20, 0.9);
    await watch.save();
    expect(write).toHaveBeenCalledTimes(2);
    expect(await shares()).toMatchObject({ below_threshold: { drift: { labels: 20 } } });
  });
});

describe('an alarm', () => {
  it('that could not be published is published by the next process, word for word', async () => {
    const watch = watchUnder(watching('tighten'));
    see(watch, 30, 0.6);
    const write = vi.spyOn(state, 'write');
    // Killed between the write and the publication.
    const get = state.get.bind(state);
    vi.spyOn(state, 'get').mockImplementation(async (key) => {
      if (write.mock.calls.length > 0) throw new Fault('unavailable', 'gone');
      return get(key);
    });
    await watch.save();
    vi.restoreAllMocks();
    expect(published).toEqual([]);
    expect(await alarms()).toMatchObject([{ untold: true }]);
    await watchUnder(watching('tighten')).save();
    const [alarm] = await alarms();
    expect(alarm?.untold).toBeUndefined();
    expect(published.map(({ id }) => id)).toEqual([
      `${alarm?.messageId}/alarm.raised/classify:below_threshold`,
    ]);
  });

  it('is what the policy in force follows', async () => {
    const inForce = watching('tighten');
    const watch = watchUnder(inForce);
    see(watch, 30, 0.6);
    await watch.save();
    const read = standingPolicy({
      state,
      policy: inForce,
      log: createLogger('router'),
      elapsed: () => 0,
      everyMs: 1,
    });
    expect((await read()).alarms).toMatchObject({
      classify: { signal: 'below_threshold', response: 'tighten' },
    });
  });
});
