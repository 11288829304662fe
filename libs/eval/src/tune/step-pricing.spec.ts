import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import { beforeAll, describe, expect, it } from 'vitest';
import { breakEvenOf, type PricedStep, pricingOf } from './step-pricing.js';

const NOW = Date.UTC(2026, 10, 30);
let pack: Pack;
beforeAll(async () => {
  pack = await loadPack('deploy/packs/support');
});

const tokens = { inputTokens: 1_000n, outputTokens: 10n };
const priced: PricedStep = {
  step: 'classify',
  small: 'small-8b',
  big: 'frontier',
  projected: false,
  usages: [
    { tokens, samples: 1 },
    { tokens: { inputTokens: 3_000, outputTokens: 30 }, samples: 1 },
  ],
};

describe('what routing of a step costs', () => {
  it.each<[string, Partial<PricedStep>, object | undefined]>([
    ['is the mean of its answers at both prices', {}, { smallNanos: 101_600n, bigNanos: 5_200_000n }],
    [
      'has samples in the small answer and not in the big one',
      { usages: [{ tokens: { inputTokens: 5_000, outputTokens: 50 }, samples: 5 }] },
      { smallNanos: 254_000n, bigNanos: 2_600_000n, samples: 1 },
    ],
    ['is unknown without a price', { small: 'unheard-of' }, undefined],
    ['is unknown where an endpoint tells no tokens', { usages: [] }, undefined],
  ])('%s', (_, changes, want) => {
    const { costs } = pricingOf(pack, { ...priced, ...changes }, NOW);
    if (want === undefined) expect(costs).toBeUndefined();
    else expect(costs).toMatchObject(want);
  });

  it('names whose prices, and of which day', () => {
    expect(pricingOf(pack, priced, NOW)).toMatchObject({
      small: 'small-8b',
      big: 'frontier',
      pricesFrom: '2026-10-01',
    });
    expect(pricingOf(pack, priced, Date.UTC(2026, 5)).pricesFrom).toBe('2026-01-01');
    expect(pricingOf(pack, priced, Date.UTC(2025, 5))).not.toHaveProperty('pricesFrom');
  });

  it('counts the audit of the policy', () => {
    const classify = { ...pack.policy.tasks.classify, shadow: { rate: 0.5, onAlarm: 'escalate' as const } };
    const audited = { ...pack, policy: { ...pack.policy, tasks: { ...pack.policy.tasks, classify } } };
    const plain = breakEvenOf(pricingOf(pack, priced, NOW)) ?? 0;
    expect(plain).toBeCloseTo(101_600 / 5_200_000, 9);
    expect(breakEvenOf(pricingOf(audited, priced, NOW))).toBeCloseTo(2 * plain, 9);
    expect(breakEvenOf({ small: '', big: '', projected: false })).toBeUndefined();
  });
});
