import { describe, expect, it } from 'vitest';
import { billText, dollars, type SavingsAnswer } from './bill.js';

const money = (nanos: number | null) => ({
  nanos,
  known_nanos: nanos ?? 0,
  unpriced: nanos === null ? 1 : 0,
});

const classify = {
  step: 'classify',
  calls: 12,
  kept_small: 8,
  messages: 10,
  cost: money(2_000_000),
  baseline: money(120_000_000),
  saved_nanos: 118_000_000,
  projected: money(2_000_000),
  projected_saved_nanos: 118_000_000,
  models: [{ embedded: false, calls: 12 }],
};

const savings: SavingsAnswer = {
  messages: 10,
  settled: 9,
  in_review: 1,
  failed: 0,
  escalated_messages: 2,
  escalation_rate: 0.2,
  estimated: false,
  cost: money(2_000_000),
  baseline: money(120_000_000),
  saved_nanos: 118_000_000,
  projected: money(2_000_000),
  projected_saved_nanos: 118_000_000,
  steps: [classify],
};

const names = { small: 'small-8b', big: 'frontier', pricesFrom: '2026-01-01' };

describe('dollars', () => {
  it.each([
    [null, 'unknown'],
    [0, '$0.000000'],
    [1_000, '$0.000001'],
    [56_000_000, '$0.056000'],
    [1_234_567_890, '$1.2346'],
    [14_000_000_000_000, '$14000.00'],
    [-2_000_000, '-$0.002000'],
  ])('%s nano-dollars are %s', (nanos, text) => expect(dollars(nanos)).toBe(text));
});

describe('the bill', () => {
  it('says what was spent, kept and saved', () => {
    expect(billText(savings, names)).toBe(
      [
        '10 messages: 9 settled, 1 with a person, 0 failed; a big model worked on 20.0 % of them',
        '',
        'Spent',
        '  step      calls  kept small       cost    all-big      saved',
        '  classify     12      80.0 %  $0.002000  $0.120000  $0.118000  98.3 %',
        '  total        12              $0.002000  $0.120000  $0.118000  98.3 %',
        '',
        "  · all-big: every step of the same messages on frontier, at the pack's prices of 2026-01-01",
        '',
      ].join('\n'),
    );
  });

  it('marks what embedded models would have cost as a projection', () => {
    const text = billText(
      {
        ...savings,
        estimated: true,
        steps: [{ ...classify, cost: money(0), models: [{ embedded: true, calls: 12 }] }],
      },
      names,
    );
    expect(text).toContain('Projection, not a bill: the same calls at small-8b and frontier');
    expect(text).toContain(
      'embedded models ran in this process and cost nothing; they are not language models',
    );
    expect(text).toContain('token counts of embedded models are estimates');
  });

  it('shows an unknown price as unknown, never as zero', () => {
    const text = billText({ ...savings, cost: money(null), saved_nanos: null }, names);
    expect(text).toMatch(/total +12 +unknown +\$0\.120000 +unknown +unknown/);
    expect(text).toContain('1 part has no known price: totals with it are unknown, not zero');
  });
});
