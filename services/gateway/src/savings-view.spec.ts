import { checkQuery } from '@spillway/http/check';
import type { Bill, Money, Savings } from '@spillway/store/ledger';
import { describe, expect, it } from 'vitest';
import { savingsJson, savingsQuerySchema, savingsSchema } from './savings-view.js';

const money = (knownNanos: bigint, unpriced = 0): Money => ({ knownNanos, unpriced });
const bill = (cost: Money, baseline: Money, projected: Money): Bill => ({ cost, baseline, projected });

function savings(parts: Bill): Savings {
  const figures = { calls: 4, failures: 0, escalated: 1, held: 0, ...parts };
  const model = { ...figures, model: 'small', tier: 'small', embedded: true, accepted: 3 } as const;
  const step = {
    ...figures,
    step: 'classify',
    keptSmall: 3,
    messages: 4,
    bigMessages: 1,
    models: [model],
  } as const;
  return {
    ...parts,
    fromMs: 0,
    toMs: 1,
    messages: 4,
    settled: 3,
    inReview: 1,
    failed: 0,
    escalatedMessages: 1,
    calls: 4,
    estimated: true,
    steps: [step],
  };
}

describe('the bill', () => {
  it.each([
    ['what is known is subtracted', bill(money(100n), money(1_000n), money(250n)), 900, 750],
    ['an unknown price is no saving', bill(money(100n), money(1_000n, 1), money(250n)), null, null],
    ['spent at an unknown price', bill(money(100n, 2), money(1_000n), money(250n)), null, 750],
    ['dearer than the big model', bill(money(1_200n), money(1_000n), money(0n)), -200, 1_000],
  ])('%s', (_, parts, saved, projectedSaved) => {
    const json = savingsSchema.parse(JSON.parse(JSON.stringify(savingsJson(savings(parts), {}))));
    expect(json).toMatchObject({
      saved_nanos: saved,
      projected_saved_nanos: projectedSaved,
      escalation_rate: 0.25,
      from: null,
      steps: [{ saved_nanos: saved, models: [{ model: 'small', saved_nanos: saved }] }],
    });
  });

  it('keeps every digit', () => {
    const text = JSON.stringify(savingsJson(savings(bill(money(0n), money(2n ** 60n + 1n), money(0n))), {}));
    expect(text).toContain('"saved_nanos":1152921504606846977');
  });

  it('has no rate without messages', () => {
    const none = { ...savings(bill(money(0n), money(0n), money(0n))), messages: 0, escalatedMessages: 0 };
    expect(savingsJson(none, {})).toMatchObject({ escalation_rate: null });
  });
});

it.each([
  ['a date is its midnight', { from: '2026-11-24' }, { from: Date.UTC(2026, 10, 24) }],
  ['a moment with an offset', { to: '2026-11-24T01:00:00+01:00' }, { to: Date.UTC(2026, 10, 24) }],
  ['nothing', {}, {}],
])('the span: %s', (_, query, expected) => {
  expect(checkQuery(savingsQuerySchema, query)).toEqual(expected);
});

it('that begins when it ends is a span, if an empty one', () => {
  const day = Date.UTC(2026, 10, 24);
  const query = { from: '2026-11-24', to: '2026-11-24T00:00:00Z' };
  expect(checkQuery(savingsQuerySchema, query)).toEqual({ from: day, to: day });
});

it.each(['yesterday', '2026-13-01', '2026-11-24T08:00:00', '1732406400000'])('no span: %s', (from) => {
  expect(() => checkQuery(savingsQuerySchema, { from })).toThrow(
    expect.objectContaining({ problems: [{ where: '?from', message: expect.stringContaining('such as') }] }),
  );
});
