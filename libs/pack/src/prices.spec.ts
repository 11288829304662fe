import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelDefinition, Price } from './pack.js';
import { costOf, dollarsOf, mostOf, nanosOf, priceAt, type TokenCounts } from './prices.js';

const usage = (input: bigint, cached = 0n, output = 0n, reasoning = 0n): TokenCounts => ({
  inputTokens: input,
  cachedInputTokens: cached,
  outputTokens: output,
  reasoningTokens: reasoning,
});

describe('nanosOf', () => {
  it.each<[string, bigint | undefined]>([
    ['0', 0n],
    ['0.10', 100_000_000n],
    ['3', 3_000_000_000n],
    ['15.000000001', 15_000_000_001n],
    ['999999999.999999999', 999_999_999_999_999_999n],
    ['0.0000000001', undefined],
    ['1234567890', undefined],
    ['', undefined],
    ['.5', undefined],
    ['1.', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['1,5', undefined],
    [' 1', undefined],
    ['$1', undefined],
  ])('reads %j', (dollars, nanos) => {
    expect(nanosOf(dollars)).toBe(nanos);
  });

  it('reads back every amount of nano-dollars', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }), (nanos) => {
        const digits = nanos.toString().padStart(10, '0');
        expect(nanosOf(`${digits.slice(0, -9)}.${digits.slice(-9)}`)).toBe(nanos);
      }),
    );
  });
});

describe('priceAt', () => {
  const model: ModelDefinition = {
    name: 'm',
    driver: 'openai',
    tier: 'big',
    model: 'm',
    timeoutMs: 1,
    maxAttempts: 1,
    concurrency: 1,
    prices: [{ from: '2026-01-01' }, { from: '2026-07-01' }],
  };

  it.each([
    ['before the first', '2025-12-31T23:59:59.999Z', undefined],
    ['from the first moment of its day, UTC', '2026-01-01T00:00:00.000Z', '2026-01-01'],
    ['until the last moment before the next', '2026-06-30T23:59:59.999Z', '2026-01-01'],
    ['the next', '2026-07-01T00:00:00.000Z', '2026-07-01'],
    ['long after', '2030-01-01T00:00:00.000Z', '2026-07-01'],
    ['at no moment', 'never', undefined],
  ])('%s', (_, moment, from) => {
    expect(priceAt(model, Date.parse(moment))?.from).toBe(from);
  });

  it('knows that an embedded model costs nothing', () => {
    const embedded = priceAt({ ...model, driver: 'embedded', prices: [] }, Date.parse('2020-01-01'));
    expect(costOf(usage(9n, 9n, 9n, 9n), embedded)).toBe(0n);
  });
});

describe('costOf', () => {
  const dollar = 1_000_000_000n;
  const price: Price = {
    from: '2026-01-01',
    inputPerMillion: 3n * dollar,
    cachedInputPerMillion: 300_000_000n,
    outputPerMillion: 15n * dollar,
  };

  it.each<[string, TokenCounts, Price | undefined, bigint | undefined]>([
    ['each class at its price', usage(1000n, 1000n, 1000n), price, 3_000_000n + 300_000n + 15_000_000n],
    ['reasoning as output', usage(0n, 0n, 0n, 1000n), price, 15_000_000n],
    ['reasoning at its own price', usage(0n, 0n, 0n, 1n), { ...price, reasoningPerMillion: 0n }, 0n],
    ['no price at all', usage(1n), undefined, undefined],
    ['no tokens', usage(0n), { from: '2026-01-01' }, 0n],
    ['tokens of an unknown class', usage(1n, 1n), { from: '2026-01-01', inputPerMillion: 1n }, undefined],
    ['reasoning without output price', usage(0n, 0n, 0n, 1n), { from: '2026-01-01' }, undefined],
    ['a half is rounded up', usage(1n), { from: '2026-01-01', inputPerMillion: 500_000n }, 1n],
    ['less than a half is rounded down', usage(1n), { from: '2026-01-01', inputPerMillion: 499_999n }, 0n],
    [
      'two halves make one: rounded once',
      usage(1n, 0n, 1n),
      { from: '2026-01-01', inputPerMillion: 500_000n, outputPerMillion: 500_000n },
      1n,
    ],
    ['beyond what a float holds', usage(2n ** 63n), price, (2n ** 63n * 3n * dollar + 500_000n) / 1_000_000n],
  ])('%s', (_, tokens, at, cost) => {
    expect(costOf(tokens, at)).toBe(cost);
  });

  const tokens = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const counts = fc.tuple(tokens, tokens, tokens, tokens).map((parts) => usage(...parts));
  const nanos = fc.bigInt({ min: 0n, max: 10n ** 18n });
  const anyPrice: fc.Arbitrary<Price> = fc
    .tuple(nanos, nanos, nanos, nanos)
    .map(([inputPerMillion, cachedInputPerMillion, outputPerMillion, reasoningPerMillion]) => ({
      from: '2026-01-01',
      inputPerMillion,
      cachedInputPerMillion,
      outputPerMillion,
      reasoningPerMillion,
    }));
  const known = (counted: TokenCounts, at: Price): bigint => {
    const cost = costOf(counted, at);
    if (cost === undefined) throw new Error('every class has a price');
    return cost;
  };

  it('is within two nano-dollars of the sum of its classes, each of which is rounded by at most a half', () => {
    fc.assert(
      fc.property(counts, anyPrice, (c, at) => {
        const parts = [
          usage(c.inputTokens),
          usage(0n, c.cachedInputTokens),
          usage(0n, 0n, c.outputTokens),
          usage(0n, 0n, 0n, c.reasoningTokens),
        ].map((part) => known(part, at));
        const difference = known(c, at) - parts.reduce((sum, part) => sum + part, 0n);
        expect(difference >= -2n && difference <= 2n).toBe(true);
      }),
    );
  });

  it('is exactly the sum of its classes at prices that need no rounding', () => {
    const whole = (at: Price): Price => ({
      from: at.from,
      inputPerMillion: (at.inputPerMillion ?? 0n) * 1_000_000n,
      cachedInputPerMillion: (at.cachedInputPerMillion ?? 0n) * 1_000_000n,
      outputPerMillion: (at.outputPerMillion ?? 0n) * 1_000_000n,
      reasoningPerMillion: (at.reasoningPerMillion ?? 0n) * 1_000_000n,
    });
    fc.assert(
      fc.property(counts, anyPrice, (c, at) => {
        expect(known(c, whole(at))).toBe(
          c.inputTokens * (at.inputPerMillion ?? 0n) +
            c.cachedInputTokens * (at.cachedInputPerMillion ?? 0n) +
            c.outputTokens * (at.outputPerMillion ?? 0n) +
            c.reasoningTokens * (at.reasoningPerMillion ?? 0n),
        );
      }),
    );
  });

  it('never falls when tokens are added', () => {
    fc.assert(
      fc.property(counts, counts, anyPrice, (some, more, at) => {
        const both = usage(
          some.inputTokens + more.inputTokens,
          some.cachedInputTokens + more.cachedInputTokens,
          some.outputTokens + more.outputTokens,
          some.reasoningTokens + more.reasoningTokens,
        );
        expect(known(both, at) >= known(some, at)).toBe(true);
      }),
    );
  });
});

describe('dollarsOf', () => {
  it.each([
    [0n, '0'],
    [1n, '0.000000001'],
    [100_000_000n, '0.1'],
    [50_000_000_000n, '50'],
    [12_345_678_901n, '12.345678901'],
  ])('writes %s nano-dollars as %s', (nanos, dollars) => {
    expect(dollarsOf(nanos)).toBe(dollars);
    expect(nanosOf(dollars)).toBe(nanos);
  });
});

describe('mostOf', () => {
  const price = { from: '2026-01-01', inputPerMillion: 3n, outputPerMillion: 5n };

  it.each<[string, Partial<Price>, bigint | undefined]>([
    ['input and output at their prices', {}, 8n],
    ['cached input that is dearer', { cachedInputPerMillion: 4n }, 9n],
    ['cached input that is cheaper', { cachedInputPerMillion: 1n }, 8n],
    ['reasoning that is dearer', { reasoningPerMillion: 7n }, 10n],
  ])('takes %s', (_, change, want) => {
    expect(mostOf({ input: 1_000_000, output: 1_000_000 }, { ...price, ...change })).toBe(want);
  });

  it('rounds up, and knows nothing without a price', () => {
    expect(mostOf({ input: 1, output: 0 }, price)).toBe(1n);
    expect(mostOf({ input: 1, output: 1 }, { from: '2026-01-01', inputPerMillion: 3n })).toBeUndefined();
    expect(mostOf({ input: 1, output: 1 }, undefined)).toBeUndefined();
  });

  it('is never under what a call costs', () => {
    const nanos = fc.bigInt(0n, 10n ** 12n);
    const count = fc.nat(1_000_000);
    fc.assert(
      fc.property(nanos, nanos, nanos, nanos, count, count, count, count, (a, b, c, d, p, q, r, s) => {
        const dated = {
          from: '2026-01-01',
          inputPerMillion: a,
          cachedInputPerMillion: b,
          outputPerMillion: c,
          reasoningPerMillion: d,
        };
        const usage = {
          inputTokens: BigInt(p),
          cachedInputTokens: BigInt(q),
          outputTokens: BigInt(r),
          reasoningTokens: BigInt(s),
        };
        const most = mostOf({ input: p + q, output: r + s }, dated);
        expect(costOf(usage, dated)).toBeLessThanOrEqual(most as bigint);
      }),
    );
  });
});
