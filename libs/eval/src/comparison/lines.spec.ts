import { seededRandom } from '@spillway/confidence/random';
import { describe, expect, it } from 'vitest';
import type { GradedAnswer } from './graded.js';
import { lineOf } from './lines.js';

const answer = (right: boolean, costNanos: bigint | undefined, latencyMs: number): GradedAnswer => ({
  right,
  said: right ? 'a' : 'b',
  fields: {},
  reasons: [],
  costNanos,
  referenceNanos: costNanos,
  latencyMs,
  fingerprint: 'm',
});
/** Rows: both right, small alone, big alone, neither. */
const small = [true, true, false, false].map((right) => answer(right, 100n, 10));
const big = [true, false, true, false].map((right) => answer(right, 1_000n, 100));
const options = {
  small,
  big,
  clusters: [undefined, undefined, undefined, undefined],
  random: () => seededRandom(1),
};

describe('a way to answer', () => {
  it.each([
    ['small alone', true, [0, 0, 0, 0], { right: 0.5, sent: 0, cost: 100_000n, p50: 10, p95: 10 }],
    ['big alone', false, [1, 1, 1, 1], { right: 0.5, sent: 1, cost: 1_000_000n, p50: 100, p95: 100 }],
    ['cascade', true, [0, 0, 1, 0], { right: 0.75, sent: 0.25, cost: 350_000n, p50: 10, p95: 110 }],
    ['a coin', true, [0.5, 0.5, 0.5, 0.5], { right: 0.5, sent: 0.5, cost: 600_000n, p50: 10, p95: 110 }],
  ] as const)('%s is right, sends, costs and takes what its answers do', (name, asksSmall, sent, want) => {
    const line = lineOf({ name, asksSmall, sent }, options);
    expect(line.accuracy.value).toBe(want.right);
    expect(line).toMatchObject({
      sent: want.sent,
      nanosPerThousand: want.cost,
      latency: { p50: want.p50, p95: want.p95 },
    });
    expect(line.accuracy.interval.lower).toBeLessThan(want.right);
    expect(line.accuracy.interval.upper).toBeGreaterThan(want.right);
  });

  it('costs an unknown sum as soon as one call has no price, and that call is made', () => {
    const unpriced = big.with(2, answer(true, undefined, 100));
    const way = { name: 'x', asksSmall: true };
    expect(
      lineOf({ ...way, sent: [0, 0, 1, 0] }, { ...options, big: unpriced }).nanosPerThousand,
    ).toBeUndefined();
    expect(lineOf({ ...way, sent: [0, 1, 0, 0] }, { ...options, big: unpriced }).nanosPerThousand).toBe(
      350_000n,
    );
  });

  it('is less sure of rows that come from one conversation', () => {
    const rows = 200;
    const many = Array.from({ length: rows }, (_, at) => answer(at % 20 < 10, 1n, 1));
    const way = { name: 'small alone', asksSmall: true, sent: many.map(() => 0) };
    const width = (clusters: readonly (string | undefined)[]) => {
      const { interval } = lineOf(way, { ...options, small: many, big: many, clusters }).accuracy;
      return interval.upper - interval.lower;
    };
    const alone = width(many.map(() => undefined));
    expect(width(many.map((_, at) => `c${Math.floor(at / 10)}`))).toBeGreaterThan(2 * alone);
  });

  it('is as sure of ten conversations that are right throughout as of ten messages', () => {
    const right = Array.from({ length: 40 }, () => answer(true, 1n, 1));
    const clusters = right.map((_, at) => `c${at % 10}`);
    const way = { name: 'small alone', asksSmall: true, sent: right.map(() => 0) };
    const { interval } = lineOf(way, { ...options, small: right, big: right, clusters }).accuracy;
    expect(interval.lower).toBeCloseTo(0.025 ** (1 / 10), 10);
    expect(interval.upper).toBe(1);
  });
});
