import { describe, expect, it } from 'vitest';
import { callCost } from './cost.js';
import { smallPack } from './testing/small-pack.js';

const usage = {
  inputTokens: 1_000_000n,
  cachedInputTokens: 0n,
  outputTokens: 0n,
  reasoningTokens: 0n,
  estimated: false,
};
const january = Date.UTC(2026, 0, 15);

describe('callCost', () => {
  it.each<[string, { name: string; embedded: boolean }, Partial<typeof usage>, number, bigint | undefined]>([
    ['a listed model has its price', { name: 'little', embedded: false }, {}, january, 1_000_000_000n],
    [
      'so has one under the name that its endpoint knows it by',
      { name: 'little-8b', embedded: false },
      {},
      january,
      1_000_000_000n,
    ],
    [
      'a model that the pack does not price is unknown',
      { name: 'other', embedded: false },
      {},
      january,
      undefined,
    ],
    [
      'no price of the pack held yet',
      { name: 'little', embedded: false },
      {},
      Date.UTC(2025, 11, 31),
      undefined,
    ],
    [
      'usage that nobody reported is unknown',
      { name: 'little', embedded: false },
      { estimated: true },
      january,
      undefined,
    ],
    [
      'a model in the process is free, whatever it is called',
      { name: 'little', embedded: true },
      { estimated: true },
      january,
      0n,
    ],
    [
      'a name that an embedded model of the pack has prices nothing',
      { name: 'house', embedded: false },
      {},
      january,
      undefined,
    ],
  ])('%s', (_, model, changes, startedMs, want) => {
    expect(callCost(smallPack(), model, { ...usage, ...changes }, startedMs)).toBe(want);
  });
});
