import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StepAnswer } from '@spillway/policy/case';
import type { Policy } from '@spillway/policy/policy';
import { answered, policy } from '@spillway/policy/testing/given';
import { openEmbeddedKeyedState } from '@spillway/store/embedded-keyed-state';
import type { KeyedState } from '@spillway/store/keyed-state';
import { type FreezeNote, freezeKey, readNote } from '@spillway/store/task-watch';
import { configureLogs, createLogger } from '@spillway/telemetry/logger';
import { registry } from '@spillway/telemetry/metrics';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { freezeWatch } from './freeze-watch.js';

let folder: string;
let state: KeyedState;
let nowMs: number;
const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  nowMs = 1_000;
  folder = mkdtempSync(join(tmpdir(), 'spillway-freeze-'));
  state = openEmbeddedKeyedState({ path: join(folder, 'state.db'), now: () => nowMs });
});

afterEach(async () => {
  await state.close();
  rmSync(folder, { recursive: true });
});

const certified: Policy = {
  ...policy,
  tasks: {
    ...policy.tasks,
    classify: {
      ...policy.tasks.classify,
      certificate: {
        target: 0.05,
        delta: 0.05,
        mode: 'selective',
        labelSource: 'truth',
        rows: 1_000,
        accepted: 800,
        errors: 20,
        data: 'sha256:0123456789abcdef',
        fingerprint: 'little|a',
        certifiedOn: '2026-11-24',
      },
    },
  },
};

function watch() {
  configureLogs({ destination: { write: (line) => lines.push(line) } });
  return freezeWatch({ state, policy: certified, log: createLogger('router'), now: () => nowMs });
}

const from = (fingerprint: string, step: 'classify' | 'extract' = 'classify'): StepAnswer => ({
  ...(answered(step, 0.9) as { answer: StepAnswer }).answer,
  fingerprint,
});

const frozen = async () =>
  /spillway_certificate_frozen\{step="classify"\} (\d)/.exec(await registry.metrics())?.[1];
const note = async () => (await readNote<FreezeNote>(state, freezeKey('classify', policy.version)))?.value;

it('says nothing while answers are those that the certificate is for', async () => {
  const see = watch();
  see(from('little|a'));
  see(from('other', 'extract'));
  expect([lines, await frozen(), await note()]).toEqual([[], '0', undefined]);
});

it('warns once for each fingerprint, shows it in the gauge, and notes it for the API', async () => {
  const see = watch();
  for (const fingerprint of ['little|b', 'little|b', 'little|c', 'little|b']) see(from(fingerprint));
  expect(lines.map((line) => JSON.parse(line).fingerprint)).toEqual(['little|b', 'little|c']);
  expect(lines[0]).toContain('"certified":"little|a"');
  expect(await frozen()).toBe('1');
  await vi.waitFor(async () =>
    expect(await note()).toMatchObject({ fingerprint: 'little|b', firstMs: 1_000 }),
  );
  see(from('little|a'));
  expect(await frozen()).toBe('0');
});

it('keeps the note for as long as such answers come, and forgets it a day later', async () => {
  const see = watch();
  see(from('little|b'));
  await vi.waitFor(async () => expect(await note()).toBeDefined());
  nowMs += 60_000;
  see(from('little|b'));
  await vi.waitFor(async () => expect(await note()).toMatchObject({ firstMs: 1_000, lastMs: 61_000 }));
  nowMs += 86_400_000;
  expect(await note()).toBeUndefined();
});

it('goes on where the note cannot be written', async () => {
  const see = watch();
  vi.spyOn(state, 'write').mockRejectedValue(new Error('gone'));
  see(from('little|b'));
  await vi.waitFor(() => expect(lines.at(-1)).toContain('could not be noted'));
});

it('leaves failures and the big model out', async () => {
  const see = watch();
  see({ step: 'classify', tier: 'small', failure: 'timed_out' });
  see({ ...from('big|x'), tier: 'big' });
  expect(await frozen()).toBe('0');
});
