import { Fault } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import { parseAssumptions } from './assumptions.js';
import type { LoggedCall, TokenCounts } from './logged-call.js';
import { parsePriceTable, priceTable } from './price-table.js';
import { breakEven, project } from './projection.js';
import { logTally } from './tally.js';

const price = (model: string, dollars: string) => ({
  model,
  input: dollars,
  cached_input: dollars,
  output: dollars,
  source: 'a contract',
  checked: '2026-01-01',
});
const prices = priceTable(
  parsePriceTable(
    { prices: [price('big', '12'), price('small', '0.2'), price('tuned', '2'), price('tiny', '0.1')] },
    'prices.json',
  ),
  [],
);
const assume = (...texts: string[]) => parseAssumptions(['small=small', 'tuned=tuned', ...texts]);
const none: TokenCounts = {
  input: 0,
  cachedInput: 0,
  cacheWrite: 0,
  cacheWriteLong: 0,
  output: 0,
  reasoning: 0,
  audio: 0,
};

function tallyOf(...calls: Partial<LoggedCall>[]) {
  const open = logTally(prices);
  calls.forEach((call, index) => {
    const tokens = { ...none, input: 1_000 };
    open.add({ kind: 'call', call: { format: 'litellm', model: 'big', tokens, ...call } }, index + 1);
  });
  return open.sum();
}

describe('the projection', () => {
  it('has every call on the small model, and those not kept on the big one as well', () => {
    const tally = tallyOf({ name: 'classify' }, { name: 'classify' });
    const { steps, todayNanos, smallFirstNanos, savedNanos } = project(tally, prices, assume('kept=0.75'));
    expect(todayNanos).toBe(24_000_000n);
    expect(smallFirstNanos).toBe(400_000n + 6_000_000n);
    expect(savedNanos).toBe(17_600_000n);
    expect(steps).toMatchObject([{ todayNanos, smallFirstNanos, savedNanos, keptMillionths: 750_000 }]);
  });

  it('is the bill of the seed case: four of five steps kept small, the last on the big model', () => {
    const seed = priceTable(
      parsePriceTable(
        { prices: [price('big', '12'), price('small', '0.2'), price('tuned', '0.2')] },
        'prices.json',
      ),
      [],
    );
    const open = logTally(seed);
    const input = { classify: 1_000, extract: 667, draft: 1_500, sentiment: 500, polish: 1_000 };
    for (const [name, tokens] of Object.entries(input)) {
      open.add(
        { kind: 'call', call: { format: 'litellm', model: 'big', name, tokens: { ...none, input: tokens } } },
        1,
      );
    }
    const { smallFirstNanos, todayNanos } = project(open.sum(), seed, assume('kept=1', 'kept:polish=0'));
    expect(todayNanos).toBe(56_004_000n);
    expect(smallFirstNanos).toBe(200_000n + 133_400n + 300_000n + 100_000n + 12_000_000n);
  });

  it('leaves a step as it is that would not be cheaper', () => {
    const { steps, evaluateFirst } = project(tallyOf({ name: 's', model: 'tiny' }), prices, assume());
    expect(steps).toMatchObject([
      { smallFirstNanos: 100_000n, savedNanos: 0n, fineTuning: { pays: 'never' } },
    ]);
    expect(evaluateFirst).toEqual([]);
  });

  it('asks for what saves most first, and its total is the sum of its steps', () => {
    const tally = tallyOf({ name: 'a' }, { name: 'b', tokens: { ...none, output: 9_000 } }, { name: 'c' });
    const { steps, evaluateFirst, savedNanos } = project(tally, prices, assume('kept:c=0.9'));
    expect(evaluateFirst.map(({ spend }) => spend.step.label)).toEqual(['b', 'c', 'a']);
    expect(savedNanos).toBe(steps.reduce((sum, step) => sum + (step.savedNanos ?? 0n), 0n));
  });

  it('knows nothing of a step whose price it does not know, nor of the total', () => {
    const tally = tallyOf({ name: 'a' }, { name: 'b', model: 'nobody-knows' });
    const projection = project(tally, prices, assume());
    expect(projection).toMatchObject({ todayNanos: undefined, smallFirstNanos: undefined });
    expect(projection.steps.map(({ smallFirstNanos }) => smallFirstNanos === undefined)).toEqual([
      false,
      true,
    ]);
    expect(projection.steps[1]?.fineTuning).toEqual({ pays: 'unknown' });
  });

  it('counts tokens of a cache as input where the small model has no price for a cache', () => {
    const tally = tallyOf({ name: 'a', tokens: { ...none, cachedInput: 500, input: 500 } });
    const bare = { ...price('bare', '0.2'), cached_input: undefined };
    const table = priceTable(parsePriceTable({ prices: [bare, price('tuned', '2')] }, 'p'), []);
    expect(project(tally, table, assume('small=bare', 'kept=1')).smallFirstNanos).toBe(200_000n);
  });

  it('says after how many calls fine-tuning has paid for its training', () => {
    const tally = tallyOf({ name: 'a' }, { name: 'a' });
    const [step] = project(tally, prices, assume('tuned-kept=0.5', 'training=10')).steps;
    // 12 000 000 today, 2 000 000 + 6 000 000 tuned: 4 000 000 saved a call.
    expect(step?.fineTuning).toEqual({
      pays: 'after',
      calls: 2_500n,
      savedPerMillionCallsNanos: 4_000_000_000_000n,
    });
  });
});

describe('assumptions', () => {
  it('have defaults', () => {
    expect(parseAssumptions([])).toMatchObject({ keptMillionths: 800_000, tunedKeptMillionths: 950_000 });
  });

  it('may be of one step, whose name may hold an equals sign', () => {
    expect([...parseAssumptions(['kept:a=b=0.25']).keptMillionthsOf]).toEqual([['a=b', 250_000]]);
  });

  it.each(['kept', 'kept=', 'kept=1.1', 'kept=80%', 'kept=0.1234567', 'training=-1', 'colour=red', '=1'])(
    '%s is refused',
    (text) => {
      expect(() => parseAssumptions([text])).toThrow(Fault);
    },
  );
});

it.each([
  ['exactly', { todayNanos: 30n, tunedNanos: 10n, calls: 10n }, 100n, { pays: 'after', calls: 50n }],
  [
    'begun calls count whole',
    { todayNanos: 40n, tunedNanos: 10n, calls: 10n },
    100n,
    { pays: 'after', calls: 34n },
  ],
  ['no saving, no end', { todayNanos: 10n, tunedNanos: 10n, calls: 10n }, 100n, { pays: 'never' }],
])('breakEven: %s', (_, bills, training, wanted) => expect(breakEven(bills, training)).toMatchObject(wanted));
