import { promptFor } from '@spillway/models/steps';
import { scripted } from '@spillway/models/testing/scripted';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import { beforeAll, describe, expect, it } from 'vitest';
import { unanswered } from './answers.js';
import { type Asking, type CallEstimate, estimateCalls, mostOfAll } from './estimate.js';

const NOW = Date.UTC(2026, 10, 30);
let pack: Pack;
beforeAll(async () => {
  pack = await loadPack('deploy/packs/support');
});

const input = (text: string) => ({ text, subject: '', locale: '', receivedAtMs: 0 });
const small = { name: 'small-8b', embedded: false };

/** Ten answers of the small endpoint: 0.05 dollars for a million tokens in, 0.08 for as many out. */
function estimate(changes: Partial<Asking>, nowMs = NOW): CallEstimate {
  const prompts = Array.from({ length: 10 }, (_, at) => promptFor('classify', input(`Hi ${at}`), pack, ''));
  const asking = { step: 'classify', model: small, prompts, known: 0, samples: 1, attempts: 1 } as const;
  return estimateCalls(pack, { ...asking, ...changes }, nowMs);
}

describe('what calls can cost', () => {
  it.each<[string, Partial<Asking>, Partial<CallEstimate>, { readonly times: bigint } | 'unknown']>([
    ['each answer is one call', {}, { calls: 10, pricesFrom: '2026-01-01' }, { times: 2n }],
    ['a call may be tried three times', { attempts: 3 }, { calls: 10 }, { times: 6n }],
    [
      'five samples are five calls, none of them asked for again',
      { samples: 5 },
      { calls: 50 },
      { times: 5n },
    ],
    [
      'what is there already costs nothing',
      { prompts: [], known: 10 },
      { calls: 0, known: 10 },
      { times: 0n },
    ],
    [
      'a model in the process costs nothing',
      { model: { name: 'embedded-small', embedded: true } },
      { calls: 10, embedded: true, pricesFrom: undefined },
      { times: 0n },
    ],
    [
      'a model without a price is unknown, not free',
      { model: { name: 'unheard-of', embedded: false } },
      { calls: 10, pricesFrom: undefined },
      'unknown',
    ],
    [
      'nothing to ask of it is nothing to pay',
      { model: { name: 'unheard-of', embedded: false }, prompts: [] },
      { calls: 0 },
      { times: 0n },
    ],
  ])('%s', (_, changes, want, most) => {
    const found = estimate(changes);
    const { onceNanos = 0n } = estimate({});
    expect(found).toMatchObject(want);
    expect(onceNanos).toBeGreaterThan(0n);
    expect(found.mostNanos).toBe(most === 'unknown' ? undefined : onceNanos * most.times);
  });

  it('follow from the bytes of the prompt, the longest answer and the dated price', () => {
    const { inputTokens, outputTokens, onceNanos } = estimate({});
    const { system, user, schema, maxOutputTokens } = promptFor('classify', input('Hi 0'), pack, '');
    const bytes = Buffer.byteLength(`${system}${user}${JSON.stringify(schema)}`);
    expect({ inputTokens, outputTokens }).toEqual({
      inputTokens: 10 * (bytes + 256),
      outputTokens: 10 * maxOutputTokens,
    });
    expect(onceNanos).toBe(BigInt(inputTokens) * 50n + BigInt(outputTokens) * 80n);
  });

  it('are unknown before the first price of the table', () => {
    expect(estimate({}, Date.UTC(2025, 0)).mostNanos).toBeUndefined();
  });

  it('are unknown together where one of them is', () => {
    const known = estimate({});
    expect(mostOfAll([known, known])).toBe(2n * (known.mostNanos ?? 0n));
    expect(mostOfAll([known, estimate({ model: scripted([]) })])).toBeUndefined();
    expect(mostOfAll([])).toBe(0n);
  });
});

describe('answers still to be had', () => {
  it('are those that no file holds, and alike inputs are asked once', () => {
    const known = new Set<string>();
    const models = { for: () => scripted([]) };
    const options = { pack, models, step: 'classify', tier: 'small', identity: 'm1' } as const;
    const calls = { has: (callId: string) => known.has(callId) };
    const inputs = ['one', 'two', 'one'].map(input);
    const first = unanswered({ ...options, calls }, inputs);
    expect([first.prompts.length, first.known]).toEqual([2, 1]);
    known.add(first.prompts[0]?.callId ?? '');
    const second = unanswered({ ...options, calls }, inputs);
    expect(second.prompts.map((prompt) => prompt.input.text)).toEqual(['two']);
    expect(unanswered({ ...options, identity: 'm2', calls }, inputs).prompts).toHaveLength(2);
  });
});
