import { Fault } from '@spillway/contracts/fault';
import { registry } from '@spillway/telemetry/metrics';
import { describe, expect, it } from 'vitest';
import { costBound } from '../cost.js';
import type { Completion, Prompt } from '../language-model.js';
import { type ScriptedReply, scripted } from '../testing/scripted.js';
import { smallPack } from '../testing/small-pack.js';
import { type BudgetOptions, budget, type CallBudget } from './budget.js';
import { retry } from './retry.js';

const prompt = { step: 'classify', callId: 'm1/classify/small/answer' } as Prompt;
const alive = new AbortController().signal;
const NOW = Date.UTC(2026, 10, 24, 12);
const midnight = Date.UTC(2026, 10, 25);

type Reserved = Awaited<ReturnType<CallBudget['reserve']>>;

/** A budget of 100 nano-dollars that keeps a list of what it was told. */
function ledgerOf100() {
  const told: string[] = [];
  const ids = new Set<string>();
  let left = 100n;
  const store: CallBudget = {
    async reserve(callId, model, nanos): Promise<Reserved> {
      told.push(`reserve ${nanos} for ${model}`);
      ids.add(callId);
      if (nanos > left) return { state: 'full', cap: { per: 'day', nanos: 100n }, resetsAtMs: midnight };
      left -= nanos;
      return { state: 'reserved', reservation: { callId, model, nanos, atMs: NOW } };
    },
    async settle({ callId, nanos }, costNanos) {
      expect(ids).toContain(callId);
      told.push(`settle ${costNanos ?? 'unknown'}`);
      left += costNanos === undefined ? 0n : nanos - costNanos;
    },
  };
  return { told, ids, store };
}

const layerOf = (store: CallBudget, changes: Partial<BudgetOptions> = {}) =>
  budget({
    budget: store,
    model: 'frontier',
    bound: () => 60n,
    cost: (usage: Completion['usage']) => (usage.estimated ? undefined : usage.inputTokens),
    now: () => NOW,
    random: () => 0.5,
    ...changes,
  });

const usage = {
  inputTokens: 7n,
  cachedInputTokens: 0n,
  outputTokens: 0n,
  reasoningTokens: 0n,
  estimated: false,
};

describe('budget', () => {
  it.each<[string, ScriptedReply, string]>([
    ['an answer at what it cost', { usage }, 'settle 7'],
    ['an answer of unknown usage not at all', { usage: { ...usage, estimated: true } }, 'settle unknown'],
    ['a call that was turned away at nothing', new Fault('throttled', 'later'), 'settle 0'],
    ['a call that reached nobody at nothing', new Fault('unavailable', 'down'), 'settle 0'],
    ['a request that was refused at nothing', new Fault('rejected', 'no'), 'settle 0'],
    ['a call that took too long not at all', new Fault('timed_out', 'late'), 'settle unknown'],
    ['a body that broke off not at all', new Fault('malformed', 'half'), 'settle unknown'],
    ['a call that was broken off not at all', new Fault('cancelled', 'stop'), 'settle unknown'],
  ])('settles %s', async (_, reply, settled) => {
    const { told, store } = ledgerOf100();
    const call = layerOf(store)(scripted([reply])).complete(prompt, alive);
    if (reply instanceof Fault) await expect(call).rejects.toBe(reply);
    else await call;
    expect(told).toEqual(['reserve 60 for frontier', settled]);
  });

  it('says which cap is reached and until when, and does not call', async () => {
    const { store } = ledgerOf100();
    const model = scripted([{ usage: { ...usage, estimated: true } }]);
    const layered = layerOf(store)(model);
    await layered.complete(prompt, alive);
    await expect(layered.complete(prompt, alive)).rejects.toMatchObject({
      code: 'over_budget',
      message:
        'frontier: not called, the cap of 0.0000001 dollars a day for all models is reached until 2026-11-25T00:00:00.000Z',
      // Half of ten minutes after the reset.
      retryAfterMs: midnight - NOW + 300_000,
    });
    expect(model.calls).toHaveLength(1);
    expect(await registry.metrics()).toContain(
      'spillway_budget_rejections_total{model="frontier",per="day",cap="all"} 1',
    );
  });

  it('does not say when to come back where a call never fits', async () => {
    const full = { state: 'full', cap: { per: 'month', nanos: 50n, model: 'frontier' } } as const;
    const store = { ...ledgerOf100().store, reserve: async () => full };
    const call = layerOf(store)(scripted([{}])).complete(prompt, alive);
    await expect(call).rejects.toMatchObject({ code: 'over_budget', retryAfterMs: undefined });
  });

  it('calls no model that has no price at the moment', async () => {
    const { told, store } = ledgerOf100();
    const model = scripted([{}]);
    const call = layerOf(store, { bound: () => undefined })(model).complete(prompt, alive);
    await expect(call).rejects.toMatchObject({ code: 'misconfigured' });
    expect([told, model.calls]).toEqual([[], []]);
  });

  it('gives each attempt a reservation of its own, and the same call after a crash another', async () => {
    const { ids, told, store } = ledgerOf100();
    const replies = [new Fault('throttled', 'later'), { usage }];
    for (const _ of ['first', 'redelivered']) {
      const layered = retry({ attempts: 2, sleep: async () => {} })(layerOf(store)(scripted(replies)));
      expect((await layered.complete(prompt, alive)).attempts).toBe(2);
    }
    expect(ids.size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^m1\/classify\/small\/answer#/);
    expect(told.filter((line) => line.startsWith('settle'))).toEqual([
      'settle 0',
      'settle 7',
      'settle 0',
      'settle 7',
    ]);
  });

  it('waits for a budget that is out of reach, and asks for the same reservation again', async () => {
    const { ids, store } = ledgerOf100();
    let tries = 0;
    const pauses: number[] = [];
    const flaky: CallBudget = {
      ...store,
      async reserve(...request) {
        const reserved = await store.reserve(...request);
        tries += 1;
        if (tries < 3) throw new Fault('unavailable', 'the answer was lost');
        return reserved;
      },
    };
    const pause = async (ms: number) => pauses.push(ms);
    await layerOf(flaky, { bound: () => 10n, pause })(scripted([{ usage }])).complete(prompt, alive);
    expect([ids.size, pauses]).toEqual([1, [500, 500]]);
  });

  it('gives up waiting when the caller does, and calls nothing', async () => {
    const controller = new AbortController();
    const model = scripted([{}]);
    const store: CallBudget = {
      ...ledgerOf100().store,
      async reserve() {
        controller.abort();
        throw new Fault('unavailable', 'down');
      },
    };
    const call = layerOf(store)(model).complete(prompt, controller.signal);
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    expect(model.calls).toEqual([]);
  });

  it('gives back what was set aside for a call that was given up meanwhile', async () => {
    const controller = new AbortController();
    const { told, store } = ledgerOf100();
    const model = scripted([{}]);
    const slow: CallBudget = {
      ...store,
      async reserve(...request) {
        const reserved = await store.reserve(...request);
        controller.abort();
        return reserved;
      },
    };
    const call = layerOf(slow)(model).complete(prompt, controller.signal);
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    expect([told, model.calls]).toEqual([['reserve 60 for frontier', 'settle 0'], []]);
  });

  it('loses no answer because the budget could not be told of it', async () => {
    const store: CallBudget = {
      ...ledgerOf100().store,
      async settle() {
        throw new Fault('unavailable', 'down');
      },
    };
    const completion = await layerOf(store)(scripted([{ text: 'paid', usage }])).complete(prompt, alive);
    expect(completion.text).toBe('paid');
    expect(await registry.metrics()).toContain('spillway_budget_unsettled_total{model="frontier"} 1');
  });
});

describe('the upper bound of a call', () => {
  const [little] = smallPack().models;
  const asked = {
    ...prompt,
    system: 'a'.repeat(100),
    user: 'ü'.repeat(100),
    schema: { type: 'object' },
    maxOutputTokens: 64,
  };

  it('counts every byte of prompt and schema as a token, and the longest answer', () => {
    if (little === undefined) throw new Error('no model');
    // One dollar a million for input, two for output.
    const input = 100 + 200 + JSON.stringify(asked.schema).length + 256;
    expect(costBound(little, asked, NOW)).toBe(BigInt(input) * 1_000n + 64n * 2_000n);
  });

  it('is unknown before the first price', () => {
    if (little === undefined) throw new Error('no model');
    expect(costBound(little, asked, Date.UTC(2025, 0))).toBeUndefined();
  });
});
