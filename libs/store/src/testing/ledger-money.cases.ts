import { describe, expect, it } from 'vitest';
import type { LedgerChange } from '../ledger-change.js';
import { call, decision, detail, received, requested, START, settled, step } from './ledger-history.js';
import { expectSameMoney, type LedgerStage } from './ledger-stage.js';

const none = detail('classify', { usage: null });
const draft = (over: Parameters<typeof call>[0] = {}) =>
  step('m1', 'draft', 'small', { call: call({ polishNanos: 70n, ...over }) });

export function moneyCases(stage: () => LedgerStage): void {
  describe('the bill of one message', () => billCases(stage));
  describe('savings', () => savingsCases(stage));
}

function billCases(stage: () => LedgerStage): void {
  it.each<[string, LedgerChange[], (bigint | null)[]]>([
    ['costs nothing before its first call', [], [0n, 0n, 0n]],
    ['is the sum of its calls', [step('m1', 'classify'), step('m1', 'extract')], [20n, 200n, 20n]],
    [
      'has one call for each step in the baseline',
      [step('m1', 'classify'), step('m1', 'classify', 'big')],
      [100n, 100n, 20n],
    ],
    [
      'takes the lowest tier whose tokens are known for the baseline',
      [
        step('m1', 'classify', 'small', { detail: none, call: call({ baselineNanos: null }) }),
        step('m1', 'classify', 'big', { call: call({ baselineNanos: 7n, costNanos: 90n }) }),
      ],
      [100n, 7n, 20n],
    ],
    [
      'does not know the baseline of a step none of whose tokens are known',
      [step('m1', 'classify', 'small', { detail: none, call: call({ baselineNanos: null }) })],
      [10n, null, 10n],
    ],
    [
      'does not know it either where only a call of a higher tier was made',
      [
        step('m1', 'classify', 'small', { detail: none, call: null }),
        step('m1', 'classify', 'big', { detail: none, call: call({ baselineNanos: null }) }),
      ],
      [10n, null, 10n],
    ],
    [
      'leaves a step without a call out',
      [step('m1', 'classify', 'small', { detail: none, call: null }), step('m1', 'extract')],
      [10n, 100n, 10n],
    ],
    ['adds no polish before the end', [draft()], [10n, 100n, 10n]],
    ['adds the polish that was not needed', [draft(), settled('m1')], [10n, 170n, 10n]],
    [
      'adds no polish to a message that was polished',
      [draft(), step('m1', 'polish', 'big'), settled('m1')],
      [100n, 200n, 20n],
    ],
    [
      'adds the polish where the polish ended without a call',
      [draft(), step('m1', 'polish', 'big', { call: null, detail: none }), settled('m1')],
      [10n, 170n, 10n],
    ],
    [
      'does not know a polish of unknown price',
      [draft({ polishNanos: null }), settled('m1')],
      [10n, null, 10n],
    ],
    [
      'does not know a cost of which a part is unknown',
      [step('m1', 'extract'), draft({ costNanos: null })],
      [null, 200n, 20n],
    ],
    [
      'does not know a projection of which a part is unknown',
      [step('m1', 'extract'), draft({ projectedNanos: null })],
      [20n, 200n, null],
    ],
    [
      'is exact beyond what a double holds',
      [
        step('m1', 'classify', 'small', { call: call({ costNanos: 9_007_199_254_740_993n }) }),
        step('m1', 'extract'),
      ],
      [9_007_199_254_741_003n, 200n, 20n],
    ],
  ])('%s', async (_, facts, [costNanos, baselineNanos, projectedNanos]) => {
    const ledger = await stage().open();
    await ledger.apply([received('m1'), ...facts]);
    const view = await ledger.message('m1');
    expect(view).toMatchObject({ costNanos, baselineNanos, projectedNanos });
    expectSameMoney(await ledger.savings({}), view === undefined ? [] : [view]);
  });

  it.each<[string, LedgerChange[], boolean]>([
    ['counted tokens', [step('m1', 'classify')], false],
    [
      'estimated tokens',
      [
        step('m1', 'classify', 'small', {
          detail: detail('classify', {
            usage: {
              inputTokens: 1,
              cachedInputTokens: 0,
              outputTokens: 1,
              reasoningTokens: 0,
              estimated: true,
            },
          }),
        }),
      ],
      true,
    ],
    ['a polish that was never made', [draft(), settled('m1')], true],
  ])('says whether it rests on %s', async (_, facts, estimated) => {
    const ledger = await stage().open();
    await ledger.apply([received('m1'), ...facts]);
    expect((await ledger.message('m1'))?.estimated).toBe(estimated);
    expect((await ledger.savings({})).estimated).toBe(estimated);
  });
}

const money = (knownNanos: bigint, unpriced = 0) => ({ knownNanos, unpriced });

function savingsCases(stage: () => LedgerStage): void {
  it('is empty, with every step, before the first message', async () => {
    const savings = await (await stage().open()).savings({});
    expect(savings).toMatchObject({ messages: 0, calls: 0, cost: money(0n), baseline: money(0n) });
    expect(savings.steps.map(({ step: name }) => name)).toEqual([
      'classify',
      'extract',
      'sentiment',
      'draft',
      'polish',
    ]);
  });

  it('shows unknown prices beside what is known, never as zero', async () => {
    const ledger = await stage().open();
    const unknown = call({ costNanos: null, baselineNanos: null, projectedNanos: null });
    await ledger.apply([
      received('m1'),
      step('m1', 'classify'),
      step('m1', 'extract', 'small', { call: unknown }),
      received('m2'),
      step('m2', 'extract', 'small', { call: unknown }),
    ]);
    const savings = await ledger.savings({});
    expect(savings).toMatchObject({
      cost: money(10n, 2),
      baseline: money(100n, 2),
      projected: money(10n, 2),
    });
    expect(savings.steps[1]).toMatchObject({ calls: 2, cost: money(0n, 2) });
  });

  it('shows for each step and model what was called, kept, sent on and held', async () => {
    const ledger = await stage().open();
    await ledger.apply([
      ...['m1', 'm2', 'm3'].flatMap((id) => [received(id), step(id, 'classify')]),
      decision('m1', 'classify'),
      decision('m2', 'classify', 'small', { verdict: 'escalate' }),
      step('m2', 'classify', 'big'),
      decision('m2', 'classify', 'big', { verdict: 'hold' }),
      requested('m2'),
      decision('m3', 'classify'),
      decision('m3', 'draft', 'small', { verdict: 'escalate' }),
      decision('m3', 'polish', 'big'),
      settled('m1'),
      settled('m3'),
    ]);
    const savings = await ledger.savings({});
    expect(savings).toMatchObject({
      messages: 3,
      settled: 2,
      inReview: 1,
      failed: 0,
      escalatedMessages: 1,
      calls: 4,
    });
    const shared = { projected: money(10n), failures: 0, embedded: false };
    expect(savings.steps[0]).toEqual({
      step: 'classify',
      calls: 4,
      failures: 0,
      keptSmall: 2,
      escalated: 1,
      held: 1,
      messages: 3,
      bigMessages: 1,
      cost: money(120n),
      baseline: money(300n),
      projected: money(40n),
      models: [
        {
          ...shared,
          model: 'small-8b',
          tier: 'small',
          calls: 3,
          accepted: 2,
          escalated: 1,
          held: 0,
          cost: money(30n),
          baseline: money(300n),
          projected: money(30n),
        },
        {
          ...shared,
          model: 'frontier',
          tier: 'big',
          calls: 1,
          accepted: 0,
          escalated: 0,
          held: 1,
          cost: money(90n),
          baseline: money(0n),
        },
      ],
    });
    expect(savings.steps[4]).toMatchObject({ keptSmall: 0, models: [{ tier: 'big', accepted: 1 }, {}] });
    expect(savings.steps[3]).toMatchObject({
      calls: 0,
      escalated: 1,
      models: [{ model: null, tier: 'small', calls: 0, escalated: 1 }],
    });
  });

  it('shows the polish that was not needed as a line of its own', async () => {
    const ledger = await stage().open();
    await ledger.apply([received('m1'), draft(), settled('m1')]);
    const savings = await ledger.savings({});
    expect(savings.steps[4]).toMatchObject({
      calls: 0,
      messages: 0,
      cost: money(0n),
      baseline: money(70n),
      models: [{ model: null, tier: null, calls: 0, baseline: money(70n) }],
    });
    expect(savings.baseline).toEqual(money(170n));
  });

  it('counts messages received from the beginning of a span to before its end', async () => {
    const ledger = await stage().open();
    for (const n of [0, 1, 2, 3]) {
      await ledger.apply([received(`m${n}`, { receivedAtMs: START + n }), step(`m${n}`, 'classify')]);
    }
    const count = async (query: Parameters<typeof ledger.savings>[0]) => {
      const { messages, calls } = await ledger.savings(query);
      return [messages, calls];
    };
    expect(await count({})).toEqual([4, 4]);
    expect(await count({ fromMs: START + 1 })).toEqual([3, 3]);
    expect(await count({ toMs: START + 1 })).toEqual([1, 1]);
    expect(await count({ fromMs: START + 1, toMs: START + 3 })).toEqual([2, 2]);
    expect(await count({ fromMs: START + 9 })).toEqual([0, 0]);
    expect(await count({ fromMs: START + 1, toMs: START + 1 })).toEqual([0, 0]);
  });

  it('follows what happens after it was asked', async () => {
    const ledger = await stage().open();
    await ledger.apply([received('m1'), draft()]);
    expect(await ledger.savings({})).toMatchObject({ settled: 0, baseline: money(100n) });
    await ledger.apply([settled('m1')]);
    expect(await ledger.savings({})).toMatchObject({ settled: 1, baseline: money(170n) });
    await ledger.apply([step('m1', 'polish', 'big')]);
    expect(await ledger.savings({})).toMatchObject({ calls: 2, baseline: money(200n) });
  });

  it('adds up more messages than it takes in one go', async () => {
    const ledger = await stage().open();
    const ids = Array.from({ length: 1_300 }, (_, n) => `m${n}`);
    await ledger.apply(
      ids.flatMap((id, n) => [received(id, { receivedAtMs: START + n }), step(id, 'classify')]),
    );
    expect(await ledger.savings({})).toMatchObject({ messages: 1_300, calls: 1_300, cost: money(13_000n) });
    expect(await ledger.savings({ fromMs: START + 100, toMs: START + 1_200 })).toMatchObject({
      messages: 1_100,
      cost: money(11_000n),
    });
  });
}
