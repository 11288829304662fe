import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoggedCall, LogLine } from './logged-call.js';
import { costOfCall, defaultPrices, inputTokensOf, priceTable } from './price-table.js';
import { knownOf } from './projection.js';
import { logTally, type Spend } from './tally.js';

const prices = priceTable([], defaultPrices());
const few = fc.nat({ max: 3_000_000 });
const call = fc.record({
  format: fc.constantFrom('openai-chat' as const, 'langfuse' as const),
  model: fc.constantFrom('gpt-4o-mini', 'claude-haiku-4-5', 'claude-haiku-5-5', 'nobody-knows', 'gpt-5'),
  startedMs: fc.option(fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }), { nil: undefined }),
  tokens: fc.record({
    input: few,
    cachedInput: few,
    cacheWrite: fc.nat({ max: 1 }),
    cacheWriteLong: fc.nat({ max: 1 }),
    output: few,
    reasoning: few,
    audio: fc.constantFrom(0, 0, 0, 1),
  }),
  name: fc.option(fc.constantFrom('sort', 'draft'), { nil: undefined }),
  systemPrompt: fc.option(fc.constantFrom('You sort.', 'You draft.'), { nil: undefined }),
});

const lines = fc.array(
  call.map((made): LogLine => ({ kind: 'call', call: made })),
  { maxLength: 60 },
);

const costOf = ({ model, startedMs, tokens }: LoggedCall): bigint | undefined =>
  costOfCall(tokens, prices.rowFor(model, startedMs, inputTokensOf(tokens)));

const sum = (parts: readonly Spend[]) => ({
  calls: parts.reduce((all, { calls }) => all + calls, 0),
  nanos: parts.reduce((all, { knownNanos }) => all + knownNanos, 0n),
  unpriced: parts.reduce((all, { unpriced }) => all + unpriced, 0),
});

describe('the tally of a log', () => {
  it('is the sum of its lines, its steps and their models, to the nano-dollar', () => {
    fc.assert(
      fc.property(lines, (log) => {
        const open = logTally(prices);
        for (const [index, line] of log.entries()) open.add(line, index + 1);
        const { total, steps, lines: counted } = open.sum();
        const costs = log.map((line) => (line.kind === 'call' ? costOf(line.call) : undefined));
        const known = costs.filter((cost) => cost !== undefined);
        const expected = {
          calls: log.length,
          nanos: known.reduce((all, cost) => all + cost, 0n),
          unpriced: log.length - known.length,
        };
        expect(counted).toBe(log.length);
        expect(sum([total])).toEqual(expected);
        expect(sum(steps)).toEqual(expected);
        expect(sum(steps.flatMap(({ models }) => [...models.values()]))).toEqual(expected);
      }),
    );
  });

  it('knows no total where a call has no price', () => {
    const open = logTally(prices);
    open.add({ kind: 'call', call: { format: 'litellm', model: 'nobody-knows', tokens: tokens(1) } }, 1);
    open.add({ kind: 'call', call: { format: 'litellm', model: 'gpt-4o-mini', tokens: tokens(1_000) } }, 2);
    const { total, undated } = open.sum();
    expect(knownOf(total)).toBeUndefined();
    expect(total).toMatchObject({ knownNanos: 150_000n, unpriced: 1, calls: 2 });
    expect(undated).toBe(2);
  });

  it('counts what it could not read by reason, and names the first lines', () => {
    const open = logTally(prices);
    for (let number = 1; number <= 9; number += 1) {
      open.add({ kind: 'unreadable', reason: 'is not JSON' }, number);
    }
    open.add({ kind: 'skipped', reason: 'a span' }, 10);
    expect(open.sum()).toMatchObject({
      lines: 10,
      unreadable: [{ reason: 'is not JSON', lines: 9, first: [1, 2, 3, 4, 5] }],
      skipped: [{ reason: 'a span', lines: 1, first: [10] }],
    });
  });

  it('holds a bounded number of steps and models, and still counts every call', () => {
    const open = logTally(prices);
    for (let number = 1; number <= 2_000; number += 1) {
      const name = number % 2 === 0 ? `step ${number}` : 'one';
      open.add(
        { kind: 'call', call: { format: 'litellm', model: `m${number}`, tokens: tokens(1), name } },
        number,
      );
    }
    const { steps, total } = open.sum();
    expect(total.calls).toBe(2_000);
    expect(steps.length).toBeLessThanOrEqual(501);
    expect(Math.max(...steps.map(({ models }) => models.size))).toBe(101);
    expect(sum(steps).calls).toBe(2_000);
  });
});

const tokens = (input: number) => ({
  input,
  cachedInput: 0,
  cacheWrite: 0,
  cacheWriteLong: 0,
  output: 0,
  reasoning: 0,
  audio: 0,
});
