import { type ShadowError, shadowError } from '@spillway/confidence/shadow-interval';
import type { Certificate } from '@spillway/policy/certificate';
import { describe, expect, it } from 'vitest';
import type { Look, LookOrNot } from './look.js';
import { type RuleFacts, recommend } from './rule.js';

const certificate: Certificate = {
  target: 0.05,
  delta: 0.05,
  mode: 'selective',
  labelSource: 'agreement',
  rows: 1000,
  accepted: 840,
  errors: 21,
  data: 'sha256:0123456789abcdef',
  fingerprint: 'small|-',
  certifiedOn: '2026-10-01',
};

const errorOf = (errors: number, labels: number): ShadowError =>
  shadowError(
    Array.from({ length: labels }, (_, at) => ({ wrong: at < errors, rate: 0.02 })),
    0.95,
  );

const lookAt = (threshold: number): Look => ({
  certification: {
    verdict: 'certified',
    threshold,
    accepted: 500,
    errors: 12,
    upperBound: 0.04,
    coverage: 0.8,
    rows: 620,
    passed: [],
  },
  number: 2,
  delta: 0.0076,
  rows: 620,
  data: 'sha256:fedcba9876543210',
});
const failed: Look = {
  ...lookAt(0),
  certification: { verdict: 'do_not_route', rows: 620, reason: 'too weak' },
};

const facts = (over: Partial<RuleFacts>, look: LookOrNot = failed): RuleFacts => ({
  threshold: 0.8,
  certificate,
  alarms: 0,
  uncovered: 0,
  over: true,
  day: '2026-12-01',
  period: '2026-11-01/2026-11-30',
  look: () => look,
  ...over,
});

const good = errorOf(10, 800);
const bad = errorOf(90, 800);
const vague = errorOf(3, 80);
const { certificate: _, ...uncertified } = facts({ error: bad });

describe('what a month comes to', () => {
  it.each([
    ['no certificate', uncertified, 'none', /spillway tune/],
    ['no label', facts({}), 'keep_and_label', /set `shadow`/],
    ['all of it frozen', facts({ uncovered: 7 }), 'keep_and_label', /7 answers are of another fingerprint/],
    ['an interval around the target', facts({ error: vague }), 'keep_and_label', /label about \d+ more/],
    ['as many wrong as may be', facts({ error: errorOf(5, 100) }), 'keep_and_label', /about 100 more/],
    ['wholly under the target', facts({ error: good }), 'keep', /none under it passes/],
    ['lower ones pass too', facts({ error: good }, lookAt(0.7)), 'loosen', /From 0.7 on it does too/],
    ['only the same passes', facts({ error: good }, lookAt(0.8)), 'keep', /none under it passes/],
    ['spent rows', facts({ error: good }, { refused: '7 of these rows are spent' }), 'keep', /7 of these/],
    ['an alarm', facts({ error: good, alarms: 1 }, lookAt(0.7)), 'keep', /drift alarm/],
    ['a month not over', facts({ error: good, over: false }, lookAt(0.7)), 'keep', /when the month is over/],
    ['wholly over it', facts({ error: bad }, lookAt(0.9)), 'roll_back', /promise is broken. From 0.9/],
    ['over it, none passes', facts({ error: bad }), 'escalate_all', /answers everything/],
    ['over it, a lower one passes', facts({ error: bad }, lookAt(0.7)), 'escalate_all', /answers everything/],
    ['over it before its end', facts({ error: bad, over: false }, lookAt(0.9)), 'escalate_all', /broken/],
    [
      'a joint promise, under it',
      facts({ error: good, certificate: { ...certificate, mode: 'joint' } }, lookAt(0.7)),
      'keep',
      /tune/,
    ],
    [
      'people’s labels, under it',
      facts({ error: good, certificate: { ...certificate, labelSource: 'truth' } }, lookAt(0.7)),
      'keep',
      /no person’s/,
    ],
  ] as const)('%s', (_name, given, action, reason) => {
    const { action: found, reason: why } = recommend(given);
    expect([found, why]).toEqual([action, expect.stringMatching(reason)]);
  });

  it.each([
    ['loosen', good, 0.7],
    ['roll_back', bad, 0.9],
  ] as const)('writes the certificate of the test that it rests on: %s', (action, error, threshold) => {
    expect(recommend(facts({ error }, lookAt(threshold)))).toMatchObject({
      action,
      settings: {
        threshold,
        certificate: {
          target: 0.05,
          delta: 0.05,
          label_source: 'agreement',
          rows: 620,
          accepted: 500,
          errors: 12,
          data: 'sha256:fedcba9876543210',
          period: '2026-11-01/2026-11-30',
          certified_on: '2026-12-01',
        },
      },
    });
  });

  it('takes the certificate away with the threshold that nothing reaches', () => {
    const { settings } = recommend(facts({ error: bad }));
    expect(settings).toEqual({ threshold: 1, certificate: undefined });
    expect(recommend(facts({ error: vague })).settings).toEqual({});
  });
});
