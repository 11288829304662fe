import type { StepAnswer } from '@spillway/policy/case';
import { unknownCase } from '@spillway/policy/case';
import type { Certificate } from '@spillway/policy/certificate';
import { decide, type Input, type Turn } from '@spillway/policy/decide';
import type { Policy } from '@spillway/policy/policy';
import { answered, message, policy } from '@spillway/policy/testing/given';
import { expect, it } from 'vitest';
import { type SharesSeen, sharesSeen } from './shares-seen.js';

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
const certified: Policy = {
  ...policy,
  tasks: {
    ...policy.tasks,
    classify: { ...policy.tasks.classify, certificate },
    sentiment: { ...policy.tasks.sentiment, certificate },
  },
};

const by = (fingerprint: string, { answer }: { readonly answer: StepAnswer }, over: object = {}): Input => ({
  type: 'answered',
  answer: { ...answer, fingerprint, ...over } as StepAnswer,
});
const from = (step: 'classify' | 'sentiment' | 'extract', confidence?: number) =>
  answered(step, confidence) as { readonly answer: StepAnswer };

/** The turn that the last of these leads to. */
function turnOf(inputs: readonly Input[], inForce: Policy): Turn {
  let turn = decide(unknownCase, { type: 'received', message, behind: false }, inForce, 0);
  for (const input of inputs) turn = decide(turn.kase, input, inForce, 0);
  return turn;
}

const outside = { result: { label: 'out_of_scope' } };
const tightened: Policy = {
  ...certified,
  alarms: {
    classify: {
      signal: 'wrong',
      response: 'tighten',
      raisedAtMs: 0,
      sinceMs: 0,
      labels: 400,
      errors: 31,
      allowed: 0.05,
    },
  },
};

it.each<[string, readonly Input[], readonly SharesSeen[], Policy?]>([
  [
    'a sure classification',
    [by('little|a', from('classify', 0.9))],
    [{ task: 'classify', belowThreshold: false, outOfScope: false }],
  ],
  [
    'an unsure one',
    [by('little|a', from('classify', 0.6))],
    [{ task: 'classify', belowThreshold: true, outOfScope: false }],
  ],
  [
    'one without a confidence',
    [by('little|a', from('classify', undefined))],
    [{ task: 'classify', belowThreshold: true, outOfScope: false }],
  ],
  [
    'one that finds a message out of scope',
    [by('little|a', from('classify', 0.9), outside)],
    [{ task: 'classify', belowThreshold: false, outOfScope: true }],
  ],
  [
    'one over the certified threshold but under the one that an alarm has raised',
    [by('little|a', from('classify', 0.8))],
    [{ task: 'classify', belowThreshold: false, outOfScope: false }],
    tightened,
  ],
  [
    'a mood, which says nothing of the scope',
    [by('little|a', from('sentiment', 0.6))],
    [{ task: 'sentiment', belowThreshold: true }],
  ],
  [
    'an endpoint’s answer that no label fits and a second try has mended',
    [by('little|a', from('sentiment', 0.9), { outsideLabels: true, offSchema: true })],
    [{ task: 'sentiment', belowThreshold: false, outsideLabels: true, offSchema: true }],
  ],
  ['an answer that the certificate does not cover', [by('little|b', from('classify', 0.6))], []],
  ['an answer of a task that is not certified', [by('little|a', from('extract', 0.6))], []],
  [
    'a call that failed',
    [{ type: 'answered', answer: { step: 'classify', tier: 'small', failure: 'timed_out' } }],
    [],
  ],
  [
    'the big model’s answer',
    [by('little|a', from('classify', 0.6)), by('big|x', from('classify', 0.9), { tier: 'big' })],
    [],
  ],
])('%s', (_, inputs, want, inForce = certified) =>
  expect(sharesSeen(turnOf(inputs, inForce), inForce)).toEqual(want),
);
