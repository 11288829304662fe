import type { Certificate } from '@spillway/policy/certificate';
import { expect, it } from 'vitest';
import type { AnswerRow } from './rows.js';
import { scoreBins, scoresOf } from './scores.js';
import { warningsOf } from './warnings.js';

const answers = (count: number, confidence: number | null, fingerprint = 'small|1'): readonly AnswerRow[] =>
  Array.from({ length: count }, (_, at) => ({
    step: 'classify' as const,
    message: `m${at}`,
    conversation: `c${at}`,
    text: `t${at}`,
    kept: true,
    confidence,
    fingerprint,
    policyVersion: '1',
    audits: [],
  }));

const bins = (filled: Readonly<Record<number, number>>) =>
  Array.from({ length: 20 }, (_, bin) => filled[bin] ?? 0);
const plain: Certificate = {
  target: 0.05,
  delta: 0.05,
  mode: 'selective',
  labelSource: 'truth',
  rows: 100,
  accepted: 90,
  errors: 0,
  data: 'sha256:0123456789abcdef',
  fingerprint: 'small|1',
  certifiedOn: '2026-10-01',
};
const certificate: Certificate = {
  ...plain,
  expected: { rows: 100, belowThreshold: 10, scores: bins({ 19: 100 }) },
};

it.each<[string, readonly AnswerRow[], readonly AnswerRow[], Certificate | undefined, object | undefined]>([
  ['nothing to compare with', answers(5, 0.9), [], undefined, undefined],
  ['nothing this month', [], answers(5, 0.9), undefined, undefined],
  ['answers without a confidence', answers(5, null), answers(5, 0.9), undefined, undefined],
  [
    'the month before',
    answers(5, 0.9),
    answers(7, 0.6),
    undefined,
    { against: 'the month before', now: bins({ 18: 5 }), before: bins({ 12: 7 }) },
  ],
  [
    'the certificate, of what it covers',
    [...answers(5, 0.9), ...answers(9, 0.1, 'small|2')],
    answers(7, 0.6),
    certificate,
    { against: 'the certificate', now: bins({ 18: 5 }), before: bins({ 19: 100 }) },
  ],
  [
    'the month before, where the certificate covers nothing',
    answers(9, 0.1, 'small|2'),
    answers(7, 0.6),
    certificate,
    { against: 'the month before', now: bins({ 2: 9 }), before: bins({ 12: 7 }) },
  ],
  [
    'the month before, where the certificate is an older one',
    answers(5, 0.9),
    answers(7, 0.6),
    plain,
    { against: 'the month before' },
  ],
])('holds scores against %s', (_, now, before, certified, want) => {
  const found = scoresOf(now, before, certified);
  if (want === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(want);
});

it('shows shares from the first bin to the last that has answers', () => {
  const scores = scoresOf([...answers(3, 0.92), ...answers(1, 0.81)], answers(2, 0.97), undefined);
  expect(scores && scoreBins(scores)).toEqual([
    { from: 0.8, to: 0.85, now: 0.25, before: 0 },
    { from: 0.85, to: 0.9, now: 0, before: 0 },
    { from: 0.9, to: 0.95, now: 0.75, before: 0 },
    { from: 0.95, to: 1, now: 0, before: 1 },
  ]);
});

it.each<[string, number, readonly string[]]>([
  [
    'that moved are a reason to look',
    0.6,
    [expect.stringMatching(/^the scores have moved: .*, against the month before$/)],
  ],
  ['that did not are none', 0.9, []],
])('scores %s', (_, before, want) => {
  const month = { messages: 100, escalated: 10, held: 0 };
  const scores = scoresOf(answers(100, 0.9), answers(100, before), undefined);
  expect(warningsOf({ before: month, now: month, scores })).toEqual(want);
});
