import { Fault } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import type { TokenCounts } from './logged-call.js';
import { costOfCall, defaultPrices, parsePriceTable, priceTable } from './price-table.js';

const tokens = (counts: Partial<TokenCounts>): TokenCounts => ({
  input: 0,
  cachedInput: 0,
  cacheWrite: 0,
  cacheWriteLong: 0,
  output: 0,
  reasoning: 0,
  audio: 0,
  ...counts,
});
const row = (fields: object) => ({ model: 'm', source: 's', checked: '2026-01-01', ...fields });
const rows = (...prices: object[]) => parsePriceTable({ prices: prices.map(row) }, 'prices.json');

describe('a price table', () => {
  it('has the row of the day and of the length of the prompt', () => {
    const table = priceTable(
      rows(
        { input: '1' },
        { from: '2026-06-01', input: '2', up_to_input_tokens: 100 },
        { from: '2026-06-01', input: '3' },
      ),
      [],
    );
    const input = (day: string | undefined, length: number) =>
      table.rowFor('m', day === undefined ? undefined : Date.parse(day), length)?.perMillion.input;
    expect(input('2026-05-31', 200)).toBe(1_000_000_000n);
    expect(input('2026-06-01', 100)).toBe(2_000_000_000n);
    expect(input('2026-06-01', 101)).toBe(3_000_000_000n);
    expect(input(undefined, 101)).toBe(3_000_000_000n);
  });

  it('has none before the first day, nor for a prompt beyond the longest', () => {
    const table = priceTable(rows({ from: '2026-06-01', input: '2', up_to_input_tokens: 100 }), []);
    expect(table.rowFor('m', Date.parse('2026-05-31'), 1)).toBeUndefined();
    expect(table.rowFor('m', Date.parse('2026-06-01'), 101)).toBeUndefined();
  });

  it.each([
    ['gpt-4o-mini-2024-07-18', 'gpt-4o-mini'],
    ['openai/gpt-4.1', 'gpt-4.1'],
    ['gpt-4.1-2025-04-14 (batch)', 'gpt-4.1 (batch)'],
    ['anthropic/claude-3-5-haiku-latest', 'claude-3-5-haiku'],
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
    ['gpt-4o-2024-05-13', 'gpt-4o-2024-05-13'],
    ['azure/gpt-4.1', undefined],
    ['gpt-4.1-turbo-of-nobody', undefined],
    ['gpt-4.1 (scale)', undefined],
  ])('%s stands under %s', (model, name) => {
    expect(priceTable([], defaultPrices()).rowFor(model, undefined, 1)?.model).toBe(name);
  });

  it("takes a team's own prices before the list's", () => {
    const own = rows({ model: 'gpt-4o', input: '0.01' });
    const table = priceTable(own, defaultPrices());
    expect(table.rowFor('gpt-4o', undefined, 1)?.perMillion).toEqual({ input: 10_000_000n });
    expect(table.rowFor('gpt-4.1', undefined, 1)?.perMillion.input).toBe(2_000_000_000n);
  });

  it('names everything that is wrong with a file', () => {
    const read = () => rows({ input: 0.1 }, { input: '0.12345678901', extra: 1 });
    expect(read).toThrow(Fault);
    try {
      read();
    } catch (error) {
      expect(Fault.from(error).problems.map(({ where }) => where)).toEqual([
        'prices.0.input',
        'prices.1.input',
        'prices.1',
      ]);
    }
  });
});

describe('the cost of a call', () => {
  const [price] = rows({
    input: '3',
    cached_input: '0.3',
    cache_write: '3.75',
    cache_write_long: '6',
    output: '15',
  });

  it.each([
    [
      'every class apart',
      { input: 1_000, cachedInput: 1_000, cacheWrite: 1_000, output: 1_000 },
      22_050_000n,
    ],
    ['a long-lived cache', { cacheWriteLong: 1_000 }, 6_000_000n],
    ['reasoning as output', { reasoning: 1_000 }, 15_000_000n],
    ['nothing', {}, 0n],
    ['what nobody prices: unknown', { input: 1, audio: 1 }, undefined],
  ])('%s', (_, counts, nanos) => {
    expect(costOfCall(tokens(counts), price)).toBe(nanos);
  });

  it('is rounded half up, once', () => {
    const [cheap] = rows({ input: '0.0005', output: '0.0005' });
    expect(costOfCall(tokens({ input: 1, output: 1 }), cheap)).toBe(1n);
    expect(costOfCall(tokens({ input: 1 }), cheap)).toBe(1n);
    expect(costOfCall(tokens({ input: 2, output: 1 }), cheap)).toBe(2n);
  });

  it('is unknown without a price, or without one for a class that was used', () => {
    expect(costOfCall(tokens({ input: 1 }), undefined)).toBeUndefined();
    expect(costOfCall(tokens({ cachedInput: 1 }), rows({ input: '1' })[0])).toBeUndefined();
  });
});
