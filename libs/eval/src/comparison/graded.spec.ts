import type { ConfidenceFit } from '@spillway/confidence/fit';
import { ConfidenceSource } from '@spillway/contracts/model';
import type { StepCompletedInit } from '@spillway/models/runner';
import { loadPack } from '@spillway/pack/load';
import type { Certificate } from '@spillway/policy/certificate';
import type { TaskPolicy } from '@spillway/policy/policy';
import { describe, expect, it } from 'vitest';
import { type Decision, decisionOn, type GradedAnswer, gradedAnswer } from './graded.js';

const pack = await loadPack('deploy/packs/support');
const certificate: Certificate = {
  target: 0.05,
  delta: 0.05,
  mode: 'selective',
  labelSource: 'truth',
  rows: 300,
  accepted: 200,
  errors: 2,
  data: 'sha256:0123456789abcdef',
  fingerprint: 'this model',
  certifiedOn: '2026-11-01',
};
const answer: GradedAnswer = {
  right: true,
  said: 'a',
  fields: {},
  reasons: [],
  confidence: 0.9,
  costNanos: 0n,
  referenceNanos: 0n,
  latencyMs: 1,
  fingerprint: 'this model',
};

describe('the policy’s word on a small answer', () => {
  it.each<[string, Partial<GradedAnswer>, Partial<TaskPolicy>, Decision]>([
    ['at the threshold it is kept', {}, { threshold: 0.9 }, 'keep'],
    ['under it the big model is asked', {}, { threshold: 0.91 }, 'escalate'],
    ['a failure is no answer', { failure: 'malformed' }, { threshold: 0 }, 'escalate'],
    [
      'of another model than certified: as the policy has it',
      { fingerprint: 'x' },
      { threshold: 0.5, certificate, fallback: 'hold' },
      'hold',
    ],
    [
      'or the big model',
      { fingerprint: 'x' },
      { threshold: 0.5, certificate, fallback: 'escalate' },
      'escalate',
    ],
    [
      'or as if nothing were certified',
      { fingerprint: 'x' },
      { threshold: 0.5, certificate, fallback: 'keep' },
      'keep',
    ],
    ['of the model that is certified', {}, { threshold: 0.5, certificate }, 'keep'],
  ])('%s', (_, own, task, decision) => {
    const { tasks } = pack.policy;
    const policy = { ...pack.policy, tasks: { ...tasks, classify: { ...tasks.classify, ...task } } };
    expect(decisionOn('classify', { ...answer, ...own }, policy)).toBe(decision);
  });

  it('is to escalate without a confidence', () => {
    const { confidence: _, ...silent } = answer;
    expect(decisionOn('classify', silent, pack.policy)).toBe('escalate');
  });
});

/** Makes 0.8 two thirds. */
const fit: ConfidenceFit = {
  step: 'classify',
  fingerprint: 'this model',
  calibrator: { kind: 'temperature', temperature: 2 },
  fittedOn: '2026-11-01',
  rows: 300,
  labelSource: 'truth',
};

describe('the confidence of an answer that was recorded', () => {
  const asked = { step: 'classify', tier: 'small', nowMs: Date.parse('2026-11-30') } as const;
  const completed = (fingerprint: string, embedded = false): StepCompletedInit => ({
    result: { case: 'classification', value: { label: 'a' } },
    confidence: { raw: 0.8, calibrated: 0.7, source: ConfidenceSource.LOGPROBS },
    call: { fingerprint, embedded, latencyMs: 5, costNanos: 7n },
  });
  const grade = { right: true, said: 'a', fields: {}, reasons: [] };

  it.each([
    ['is the fit’s of today', completed('this model'), 2 / 3],
    ['is its own where the fit is another model’s', completed('another'), 0.8],
    ['is calibrated already where the model is embedded', completed('this model', true), 0.7],
  ])('%s', (_, recorded, confidence) => {
    const fitted = { ...pack, fits: { classify: fit } };
    expect(gradedAnswer({ pack: fitted, ...asked }, recorded, grade).confidence).toBeCloseTo(confidence);
  });

  it('is none where the answer failed', () => {
    const failed: StepCompletedInit = {
      result: { case: 'failure', value: { code: 'timed_out' } },
      call: { latencyMs: 9 },
    };
    expect(gradedAnswer({ pack, ...asked }, failed, { ...grade, right: false })).toMatchObject({
      failure: 'timed_out',
      costNanos: undefined,
      latencyMs: 9,
    });
  });
});
