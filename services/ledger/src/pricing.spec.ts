import { create, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ModelCallSchema } from '@spillway/contracts/model';
import type { ModelDefinition } from '@spillway/pack/pack';
import type { StepName, TierName } from '@spillway/store/ledger';
import { expect, it } from 'vitest';
import { type PriceList, pricingOf } from './pricing.js';

const definition = (name: string, over: Partial<ModelDefinition>): ModelDefinition => ({
  name,
  driver: 'openai',
  tier: 'small',
  model: name,
  timeoutMs: 1,
  maxAttempts: 1,
  concurrency: 1,
  prices: [],
  ...over,
});

/** Nano-dollars a token, so that the figures below can be checked in the head. */
const perToken = (from: string, input: bigint, output: bigint) => ({
  from,
  inputPerMillion: input * 1_000_000n,
  cachedInputPerMillion: input * 100_000n,
  outputPerMillion: output * 1_000_000n,
});

const embedded = { small: 'embedded-small', big: 'embedded-big' };
const pack: PriceList = {
  models: [
    definition('embedded-small', { driver: 'embedded' }),
    definition('embedded-big', { driver: 'embedded', tier: 'big' }),
    definition('small-8b', { prices: [perToken('2026-01-01', 1n, 2n)] }),
    definition('frontier', {
      tier: 'big',
      prices: [perToken('2026-01-01', 100n, 500n), perToken('2026-07-01', 10n, 50n)],
    }),
    definition('rival', { tier: 'big', prices: [perToken('2026-01-01', 1_000n, 3_000n)] }),
    definition('unpriced', { tier: 'big' }),
  ],
  steps: {
    classify: embedded,
    extract: { small: 'small-8b', big: 'rival' },
    sentiment: { small: 'small-8b', big: 'unpriced' },
    draft: embedded,
    polish: { small: 'embedded-small', big: 'rival' },
  },
  reference: { small: 'small-8b', big: 'frontier' },
};

type CallInit = Exclude<MessageInitShape<typeof ModelCallSchema>, Message>;

const call = (over: CallInit = {}): CallInit => ({
  model: 'embedded-small',
  embedded: true,
  costNanos: 0n,
  usage: { inputTokens: 100n, outputTokens: 10n },
  startedAt: timestampFromDate(new Date('2026-03-01')),
  ...over,
});
const paid = { model: 'small-8b', embedded: false, costNanos: 120n };

type Row = [string, StepName, TierName, CallInit, (bigint | null)[]];

it.each<Row>([
  ['an embedded small call at the reference prices', 'classify', 'small', call(), [0n, 15_000n, 120n]],
  ['an embedded big call at the reference big model', 'classify', 'big', call(), [0n, 15_000n, 15_000n]],
  ['a paid call at the step’s own big model', 'extract', 'small', call(paid), [120n, 130_000n, 120n]],
  [
    'a step whose big model has no prices at the reference',
    'sentiment',
    'small',
    call(paid),
    [120n, 15_000n, 120n],
  ],
  [
    'the prices of the day of the call',
    'classify',
    'small',
    call({ startedAt: timestampFromDate(new Date('2026-07-01')) }),
    [0n, 1_500n, 120n],
  ],
  [
    'nothing known before the first price',
    'classify',
    'small',
    call({ startedAt: timestampFromDate(new Date('2025-12-31T23:59:59.999Z')) }),
    [0n, null, null],
  ],
  [
    'cached tokens as their own class',
    'classify',
    'small',
    call({ usage: { inputTokens: 100n, cachedInputTokens: 100n, outputTokens: 10n } }),
    [0n, 16_000n, 130n],
  ],
  [
    'an unknown cost as unknown',
    'extract',
    'small',
    call({ model: 'small-8b', embedded: false, usage: { inputTokens: 1n } }),
    [0n, 1_000n, 0n],
  ],
  [
    'unknown tokens as unknown',
    'classify',
    'small',
    { model: 'embedded-small', embedded: true, costNanos: 0n },
    [0n, null, null],
  ],
])('prices %s', (_, step, tier, init, [costNanos, baselineNanos, projectedNanos]) => {
  const priced = pricingOf(pack)(create(ModelCallSchema, init), step, tier, 0);
  expect(priced).toMatchObject({ costNanos, baselineNanos, projectedNanos, polishNanos: null });
});

it('keeps an unknown cost and its projection unknown', () => {
  const { costNanos: _, ...unknown } = call(paid);
  const priced = pricingOf(pack)(create(ModelCallSchema, unknown), 'extract', 'small', 0);
  expect(priced).toMatchObject({ costNanos: null, projectedNanos: null, baselineNanos: 130_000n });
});

it.each<[string, CallInit, bigint | null]>([
  ['reading what the draft read and the draft, writing as much', call(), 110n * 1_000n + 10n * 3_000n],
  [
    'cached tokens read in full',
    call({ usage: { inputTokens: 60n, cachedInputTokens: 40n, outputTokens: 10n, reasoningTokens: 999n } }),
    140_000n,
  ],
  ['unknown without the draft’s tokens', { model: 'x', embedded: true }, null],
])('estimates the polish of a draft: %s', (_, init, polishNanos) => {
  expect(pricingOf(pack)(create(ModelCallSchema, init), 'draft', 'small', 0)).toMatchObject({ polishNanos });
});

it('takes the end of the step for a call that does not say when it began', () => {
  const { startedAt: _, ...undated } = call();
  const price = pricingOf(pack);
  const at = (date: string) =>
    price(create(ModelCallSchema, undated), 'classify', 'small', Date.parse(date)).baselineNanos;
  expect([at('2026-06-30T23:59'), at('2026-07-01'), at('2026-06-30')]).toEqual([15_000n, 1_500n, 15_000n]);
});

it('knows nothing of a reference model that the pack does not list', () => {
  const broken = { ...pack, reference: { small: 'gone', big: 'gone' } };
  expect(pricingOf(broken)(create(ModelCallSchema, call()), 'classify', 'small', 0)).toMatchObject({
    costNanos: 0n,
    baselineNanos: null,
    projectedNanos: null,
  });
});
