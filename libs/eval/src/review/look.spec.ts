import { seededRandom } from '@spillway/confidence/random';
import type { Certificate } from '@spillway/policy/certificate';
import { describe, expect, it } from 'vitest';
import { type LookTerms, takeLook, thinnedRows } from './look.js';
import type { AnswerAudit, AnswerRow } from './rows.js';

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

const row = (id: string, over: Partial<AnswerRow> = {}): AnswerRow => ({
  step: 'classify',
  message: id,
  conversation: `conversation of ${id}`,
  text: `text of ${id}`,
  kept: true,
  confidence: 0.9,
  fingerprint: 'small|-',
  policyVersion: 'v1',
  audits: [],
  ...over,
});
const drawn = (over: Partial<AnswerAudit> = {}): readonly AnswerAudit[] => [
  { source: 'agreement', drawn: true, rate: 1, wrong: false, ...over },
];
const escalated = (over: Partial<AnswerAudit> = {}) => drawn({ drawn: false, ...over });

describe('the month’s answers, thinned', () => {
  const one = row('a', { audits: drawn() });
  it.each([
    ['kept and drawn', [one], [false]],
    ['kept and not drawn', [one, row('b')], [false]],
    [
      'not kept, with a label',
      [one, row('b', { kept: false, audits: escalated({ wrong: true }) })],
      [false, true],
    ],
    ['not kept, held without a label', [one, row('b', { kept: false })], [false, true]],
    ['drawn, and no label came', [one, row('b', { audits: drawn({ wrong: null }) })], [false, true]],
    ['labelled by another source', [one, row('b', { audits: drawn({ source: 'truth' }) })], [false, true]],
    ['of another fingerprint', [one, row('b', { fingerprint: 'x', audits: drawn() })], [false]],
    [
      'of a policy that audited nothing',
      [one, row('b', { policyVersion: 'v0', kept: false, audits: escalated() })],
      [false],
    ],
    [
      'of the same customer thread',
      [one, row('b', { conversation: 'conversation of a', audits: drawn() })],
      [false],
    ],
    ['the same text again', [one, row('b', { text: 'text of a', audits: drawn() })], [false]],
    ['nothing', [], []],
  ] as const)('%s', (_, rows, wrong) => {
    expect(thinnedRows(rows, certificate).map((thinned) => thinned.wrong)).toEqual(wrong);
  });

  it('are a uniform sample: of what was not kept as large a share as was drawn of the rest', () => {
    const random = seededRandom(3);
    const rows = Array.from({ length: 20_000 }, (_, at) => {
      const kept = at % 2 === 0;
      const rate = at < 10_000 ? 0.1 : 0.3;
      if (!kept) return row(`m${at}`, { kept, confidence: 0.4, audits: escalated() });
      return row(`m${at}`, { audits: random() < rate ? drawn({ rate }) : [] });
    });
    const thinned = thinnedRows(rows, certificate);
    const low = thinned.filter(({ score }) => score === 0.4).length;
    expect(low).toBeGreaterThan(900);
    expect(low).toBeLessThan(1100);
    expect(thinned.length - low).toBeGreaterThan(900);
    expect(thinned.length - low).toBeLessThan(1100);
  });
});

describe('a look', () => {
  const terms = (over: Partial<LookTerms> = {}): LookTerms => ({
    task: 'classify',
    certificate,
    scorer: undefined,
    start: 0.6,
    earlier: [],
    day: '2026-12-01',
    ...over,
  });
  const month = (seed: number, riskAt: (score: number) => number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 600 }, (_, at) => {
      const score = random();
      return { text: `${seed}/${at}`, score, wrong: random() < riskAt(score) };
    });
  };
  const spendOf = (seed: number, earlier: LookTerms['earlier'] = []) => {
    const look = takeLook(
      month(seed, (score) => (score < 0.6 ? 0.5 : 0.01)),
      terms({ earlier }),
    );
    if ('refused' in look || look.spend === undefined) throw new Error('a look was expected to be taken');
    return look.spend;
  };

  it('is the next of the plan each month, at a delta that sinks', () => {
    const first = spendOf(1);
    const second = spendOf(2, [first]);
    const third = spendOf(3, [first, second]);
    expect([first, second, third].map(({ look }) => look)).toEqual([1, 2, 3]);
    const total = [first, second, third].reduce((sum, { delta = 1 }) => sum + delta, 0);
    expect(first.delta).toBeCloseTo(0.0304, 4);
    expect(total).toBeLessThan(0.05);
  });

  it('of another task does not count', () => {
    expect(spendOf(2, [{ ...spendOf(1), task: 'extract' }]).look).toBe(1);
  });

  it('that could have shown nothing spends nothing', () => {
    const look = takeLook(month(1, () => 0).slice(0, 20), terms());
    expect(look).toMatchObject({ certification: { verdict: 'not_yet' } });
    expect(look).not.toHaveProperty('spend');
  });

  it('goes too low as seldom as it says', () => {
    // From 0.5 downwards 5 % of the kept are wrong and more.
    const risk = (score: number) => (score < 0.5 ? 0.3 : 0.05);
    let broken = 0;
    for (let seed = 0; seed < 300; seed += 1) {
      const look = takeLook(month(seed, risk), terms());
      if ('certification' in look && look.certification.verdict === 'certified') broken += 1;
    }
    // 3 % by the plan, and three standard deviations.
    expect(broken).toBeLessThanOrEqual(18);
  });
});
