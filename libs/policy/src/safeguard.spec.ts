import { describe, expect, it } from 'vitest';
import type { StepAnswer } from './case.js';
import { allowedErrorRate, type Certificate, type Fallback } from './certificate.js';
import type { DriftAlarm } from './drift-alarm.js';
import { judge } from './judge.js';
import type { Policy } from './policy.js';
import { tightened } from './safeguard.js';
import { answered, policy } from './testing/given.js';

const certificate: Certificate = {
  target: 0.05,
  delta: 0.05,
  mode: 'selective',
  labelSource: 'truth',
  rows: 1_000,
  accepted: 800,
  errors: 20,
  data: 'sha256:00',
  fingerprint: 'little|a',
  certifiedOn: '2026-11-24',
};
const found = { sinceMs: 0, labels: 400, errors: 31, allowed: 0.05 };
const alarm: DriftAlarm = { signal: 'wrong', response: 'escalate', raisedAtMs: 0, ...found };
const tighter: DriftAlarm = { ...alarm, response: 'tighten' };

interface Given {
  readonly fingerprint?: string | undefined;
  readonly fallback?: Fallback;
  readonly certified?: boolean;
  readonly alarm?: DriftAlarm;
  readonly confidence?: number | undefined;
  readonly step?: 'classify' | 'draft';
}

function judged(given: Given) {
  const { fallback = 'escalate', certified = true, confidence = 0.9, step = 'classify' } = given;
  const fingerprint = 'fingerprint' in given ? given.fingerprint : 'little|a';
  const task = { ...policy.tasks[step], fallback, ...(certified ? { certificate } : {}) };
  const inForce: Policy = {
    ...policy,
    tasks: { ...policy.tasks, [step]: task },
    ...(given.alarm === undefined ? {} : { alarms: { [step]: given.alarm } }),
  };
  const { answer } = answered(step, confidence) as { readonly answer: StepAnswer };
  const told = { ...answer, ...(fingerprint === undefined ? {} : { fingerprint }) };
  const { verdict, threshold, reasons } = judge(
    { phase: 'open', steps: {}, behind: false },
    told,
    inForce,
    0,
  );
  return [verdict, threshold, reasons.join(' / ')];
}

const reaches = 'confidence 0.90 reaches the threshold 0.70';
const frozen = 'the certificate is for little|a and frozen for little|b';
const drift =
  'drift alarm: 31 of 400 audited answers (7.75 %) were wrong since 1970-01-01 00:00 UTC, at most 5 % may be';

describe('a small answer', () => {
  it.each<[string, Given, readonly unknown[]]>([
    ['that the certificate covers is kept', {}, ['accept', 0.7, reaches]],
    [
      'of any model is kept where nothing is certified',
      { certified: false, fingerprint: 'x' },
      ['accept', 0.7, reaches],
    ],
    ['of another fingerprint is escalated', { fingerprint: 'little|b' }, ['escalate', 0.7, frozen]],
    ['of another fingerprint is held', { fingerprint: 'little|b', fallback: 'hold' }, ['hold', 0.7, frozen]],
    [
      'of another fingerprint is kept where the policy says so, and the reason says it too',
      { fingerprint: 'little|b', fallback: 'keep' },
      ['accept', 0.7, `${reaches} / ${frozen}: the policy goes on without it`],
    ],
    [
      'that does not name its model is not covered',
      { fingerprint: undefined },
      [
        'escalate',
        0.7,
        'the certificate is for little|a and frozen for an answer that does not name its model',
      ],
    ],
    ['is escalated while the alarm stands', { alarm }, ['escalate', 0.7, drift]],
    [
      'is escalated while an alarm of a share stands',
      { alarm: { ...alarm, signal: 'below_threshold', allowed: 0.04 } },
      [
        'escalate',
        0.7,
        'drift alarm: 31 of 400 answers (7.75 %) were under the threshold since 1970-01-01 00:00 UTC, at most 4 % were expected',
      ],
    ],
    [
      'that is sure enough passes a tightened threshold',
      { alarm: tighter },
      [
        'accept',
        0.85,
        `confidence 0.90 reaches the threshold 0.85 / ${drift}: the threshold is raised from 0.70`,
      ],
    ],
    [
      'that is less sure does not',
      { alarm: tighter, confidence: 0.8 },
      [
        'escalate',
        0.85,
        `confidence 0.80 is under the threshold 0.85 / ${drift}: the threshold is raised from 0.70`,
      ],
    ],
    [
      'of another fingerprint is held although the alarm would escalate it',
      { alarm, fingerprint: 'little|b', fallback: 'hold' },
      ['hold', 0.7, frozen],
    ],
    [
      'of a frozen draft goes to a person where the policy says so',
      { step: 'draft', fingerprint: 'little|b', fallback: 'hold' },
      ['hold', 0.7, frozen],
    ],
  ])('%s', (_, given, want) => expect(judged(given)).toEqual(want));
});

it.each([
  [0, 0.5],
  [0.7, 0.85],
  [1, 1],
])('tightens %f halfway to certainty, %f', (threshold, want) => expect(tightened(threshold)).toBe(want));

it.each<[Partial<Certificate>, number]>([
  [{}, 0.05],
  [{ mode: 'joint' }, 0.0625],
  [{ mode: 'joint', target: 0.5, accepted: 100 }, 1],
  [{ mode: 'joint', accepted: 0 }, 0.05],
])('allows %j a share of %f among what is kept', (change, want) =>
  expect(allowedErrorRate({ ...certificate, ...change })).toBeCloseTo(want, 12),
);
