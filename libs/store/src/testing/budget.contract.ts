import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { Budget, BudgetCap, CapUsage, Reservation, Reserved } from '../budget.js';

/** A driver under test. Its clock is the test's. */
export interface BudgetDriver {
  /** Opening the same place again finds the same counters. */
  open(place: string, caps: readonly BudgetCap[], now: () => number): Promise<Budget>;
  /** How many may have one place open at once. */
  readonly clients: number;
}

const DAY_MS = 86_400_000;
/** Far from the servers' own time, so that nothing expires meanwhile. Noon, ten days before the end of a month. */
const START_MS = Date.UTC(2094, 10, 20, 12);
const midnight = Date.UTC(2094, 10, 21);
const nextMonth = Date.UTC(2094, 11, 1);

const day: BudgetCap = { per: 'day', nanos: 100n };
const month: BudgetCap = { per: 'month', nanos: 150n };
const bigDay: BudgetCap = { per: 'day', nanos: 60n, model: 'big' };
const bigMonth: BudgetCap = { per: 'month', nanos: 90n, model: 'big' };
const all = [day, month, bigDay, bigMonth];

const reservationOf = (reserved: Reserved): Reservation => {
  if (reserved.state === 'full') throw new Error('nothing was reserved');
  return reserved.reservation;
};

/** Spent and reserved of each cap. */
const amounts = (usage: readonly CapUsage[]): readonly (readonly [bigint, bigint])[] =>
  usage.map(({ spentNanos, reservedNanos }) => [spentNanos, reservedNanos]);

/**
 * What every driver of the budget promises. A driver is done when it passes.
 *
 * @example
 * budgetContract('embedded', { open: async (place, caps, now) => openEmbeddedBudget({ path, caps, now }), clients: 1 });
 */
export function budgetContract(name: string, driver: BudgetDriver): void {
  describe(`budget contract: ${name}`, () => {
    const opened: Budget[] = [];
    let nowMs = START_MS;
    const open = async (caps: readonly BudgetCap[] = all, place: string = randomUUID()): Promise<Budget> => {
      const budget = await driver.open(place, caps, () => nowMs);
      opened.push(budget);
      return budget;
    };
    afterEach(async () => {
      for (const budget of opened.splice(0)) await budget.close();
      nowMs = START_MS;
    });

    it('sets money aside, and puts what the call cost in its place', async () => {
      const budget = await open();
      const reserved = await budget.reserve('call', 'big', 40n);
      expect(reserved).toEqual({
        state: 'reserved',
        reservation: { callId: 'call', model: 'big', nanos: 40n, atMs: START_MS },
      });
      expect(amounts(await budget.usage())).toEqual(Array(4).fill([0n, 40n]));
      await budget.settle(reservationOf(reserved), 25n);
      expect(amounts(await budget.usage())).toEqual(Array(4).fill([25n, 0n]));
    });

    it('gives everything back where the call was not made', async () => {
      const budget = await open();
      await budget.settle(reservationOf(await budget.reserve('call', 'big', 60n)), 0n);
      expect(amounts(await budget.usage())).toEqual(Array(4).fill([0n, 0n]));
      expect(await budget.reserve('call', 'big', 60n)).toMatchObject({ state: 'reserved' });
    });

    it('keeps counting a call whose cost nobody knows, and forgets its id', async () => {
      const budget = await open();
      await budget.settle(reservationOf(await budget.reserve('call', 'big', 30n)), undefined);
      await budget.reserve('call', 'big', 20n);
      expect(amounts(await budget.usage())).toEqual(Array(4).fill([0n, 50n]));
    });

    it('finds the reservation that a call has, also later and for another amount', async () => {
      const budget = await open();
      const first = await budget.reserve('call', 'big', 40n);
      nowMs = midnight;
      expect(await budget.reserve('call', 'big', 50n)).toEqual(first);
      nowMs = START_MS;
      expect(amounts(await budget.usage())).toEqual(Array(4).fill([0n, 40n]));
    });

    it('settles once', async () => {
      const budget = await open();
      const reservation = reservationOf(await budget.reserve('call', 'big', 40n));
      await budget.settle(reservation, 10n);
      await budget.settle(reservation, 20n);
      await budget.settle(reservation, 0n);
      expect(amounts(await budget.usage())).toEqual(Array(4).fill([10n, 0n]));
    });

    it('counts a call that cost more than was set aside at what it cost', async () => {
      const budget = await open([day]);
      await budget.settle(reservationOf(await budget.reserve('call', 'big', 90n)), 130n);
      expect(amounts(await budget.usage())).toEqual([[130n, 0n]]);
      expect(await budget.reserve('next', 'big', 0n)).toMatchObject({ state: 'full', cap: day });
    });

    it('reserves up to the cap and not one nano-dollar beyond', async () => {
      const budget = await open([day]);
      expect(await budget.reserve('1', 'small', 99n)).toMatchObject({ state: 'reserved' });
      expect(await budget.reserve('2', 'small', 2n)).toMatchObject({ state: 'full' });
      expect(await budget.reserve('3', 'small', 1n)).toMatchObject({ state: 'reserved' });
      expect(await budget.reserve('4', 'small', 1n)).toMatchObject({ state: 'full' });
      expect(amounts(await budget.usage())).toEqual([[0n, 100n]]);
    });

    it.each<[string, string, bigint, bigint, BudgetCap, number | undefined]>([
      ['the day of the model', 'big', 30n, 40n, bigDay, midnight],
      ['the day of all models', 'small', 90n, 20n, day, midnight],
      ['an amount that a day never has', 'small', 0n, 101n, day, undefined],
      ['of several the one that is full for longest', 'big', 55n, 88n, bigDay, undefined],
    ])('says what is in the way and until when: %s', async (_, model, before, nanos, cap, resetsAtMs) => {
      const budget = await open();
      await budget.reserve('before', model, before);
      const usage = await budget.usage();
      const full = await budget.reserve('call', model, nanos);
      expect(full).toEqual({ state: 'full', cap, ...(resetsAtMs === undefined ? {} : { resetsAtMs }) });
      // Under no cap, where one has no room.
      expect(await budget.usage()).toEqual(usage);
    });

    it('waits for the month where both day and month are full', async () => {
      const budget = await open([day, { per: 'month', nanos: 100n }]);
      await budget.reserve('before', 'small', 100n);
      expect(await budget.reserve('call', 'small', 1n)).toMatchObject({
        cap: { per: 'month' },
        resetsAtMs: nextMonth,
      });
    });

    it('holds a cap of one model against that model alone', async () => {
      const budget = await open([bigDay]);
      await budget.reserve('1', 'small', 1_000n);
      expect(await budget.reserve('2', 'big', 60n)).toMatchObject({ state: 'reserved' });
      expect(await budget.reserve('3', 'big', 1n)).toMatchObject({ state: 'full' });
      expect(await budget.reserve('4', 'small', 1_000n)).toMatchObject({ state: 'reserved' });
    });

    it('begins each day anew, and the month not', async () => {
      const budget = await open();
      await budget.reserve('1', 'small', 100n);
      nowMs = midnight - 1;
      expect(await budget.reserve('2', 'small', 1n)).toMatchObject({ state: 'full' });
      nowMs = midnight;
      expect(await budget.usage()).toEqual([
        { cap: day, spentNanos: 0n, reservedNanos: 0n, resetsAtMs: midnight + DAY_MS },
        { cap: month, spentNanos: 0n, reservedNanos: 100n, resetsAtMs: nextMonth },
        { cap: bigDay, spentNanos: 0n, reservedNanos: 0n, resetsAtMs: midnight + DAY_MS },
        { cap: bigMonth, spentNanos: 0n, reservedNanos: 0n, resetsAtMs: nextMonth },
      ]);
      expect(await budget.reserve('2', 'small', 50n)).toMatchObject({ state: 'reserved' });
      expect(await budget.reserve('3', 'small', 1n)).toMatchObject({ cap: month, resetsAtMs: nextMonth });
      nowMs = nextMonth;
      expect(await budget.reserve('3', 'small', 100n)).toMatchObject({ state: 'reserved' });
    });

    it('counts a call that goes on past midnight in the day in which it began', async () => {
      const budget = await open([day]);
      nowMs = midnight - 1;
      const reservation = reservationOf(await budget.reserve('call', 'small', 80n));
      nowMs = midnight + 1;
      await budget.settle(reservation, 70n);
      expect(amounts(await budget.usage())).toEqual([[0n, 0n]]);
      nowMs = midnight - 1;
      expect(amounts(await budget.usage())).toEqual([[70n, 0n]]);
    });

    it('goes on where it was closed, an open reservation still counted', async () => {
      const place = randomUUID();
      const before = await open(all, place);
      const settled = reservationOf(await before.reserve('settled', 'big', 20n));
      await before.settle(settled, 5n);
      const lost = await before.reserve('lost', 'big', 30n);
      await opened.pop()?.close();
      const after = await open(all, place);
      expect(amounts(await after.usage())).toEqual(Array(4).fill([5n, 30n]));
      expect(await after.reserve('lost', 'big', 30n)).toEqual(lost);
      await after.settle(reservationOf(lost), 10n);
      expect(amounts(await after.usage())).toEqual(Array(4).fill([15n, 0n]));
    });

    it('counts for a cap that is added later what was spent before', async () => {
      const place = randomUUID();
      await (await open([day], place)).reserve('1', 'big', 50n);
      await opened.pop()?.close();
      const after = await open([bigMonth], place);
      expect(await after.reserve('2', 'big', 41n)).toMatchObject({ state: 'full', cap: bigMonth });
    });

    it('adds amounts that no single number holds exactly', async () => {
      const most = BigInt(Number.MAX_SAFE_INTEGER);
      const budget = await open([{ per: 'day', nanos: most }]);
      await budget.settle(reservationOf(await budget.reserve('1', 'big', most - 1n)), most - 1n);
      expect(await budget.reserve('2', 'big', 2n)).toMatchObject({ state: 'full' });
      expect(await budget.reserve('3', 'big', 1n)).toMatchObject({ state: 'reserved' });
      expect(amounts(await budget.usage())).toEqual([[most - 1n, 1n]]);
    });

    it('never overspends, whoever asks at once: 100 requests for what 7 may have', async () => {
      const place = randomUUID();
      const caps = [day, { per: 'month', nanos: 1_000n }] as const;
      const budgets: Budget[] = [];
      for (let n = 0; n < driver.clients; n += 1) budgets.push(await open(caps, place));
      const asked = await Promise.all(
        Array.from({ length: 100 }, async (_, n) => {
          const budget = budgets[n % budgets.length] as Budget;
          const reserved = await budget.reserve(`call ${n}`, n % 2 === 0 ? 'big' : 'small', 14n);
          return { budget, reserved };
        }),
      );
      const got = asked.filter(({ reserved }) => reserved.state === 'reserved');
      expect(got).toHaveLength(7);
      const full = [98n, 98n].map((nanos) => [0n, nanos]);
      expect(amounts(await (budgets[0] as Budget).usage())).toEqual(full);
      await Promise.all(got.map(({ budget, reserved }) => budget.settle(reservationOf(reserved), 14n)));
      expect(amounts(await (budgets[0] as Budget).usage())).toEqual(full.map(([, nanos]) => [nanos, 0n]));
    });

    it.each<[string, readonly BudgetCap[]]>([
      ['two caps of one kind', [day, { ...day, nanos: 5n }]],
      ['no money', [{ per: 'day', nanos: 0n }]],
      ['more money than can be counted', [{ per: 'day', nanos: 10n ** 16n }]],
    ])('refuses %s', async (_, caps) => {
      await expect(open(caps)).rejects.toMatchObject({ code: 'misconfigured' });
    });

    it('refuses an amount that is negative, and everything once it is closed', async () => {
      const budget = await open();
      await expect(budget.reserve('call', 'big', -1n)).rejects.toMatchObject({ code: 'rejected' });
      await budget.close();
      await expect(budget.reserve('call', 'big', 1n)).rejects.toMatchObject({ code: 'cancelled' });
      await expect(budget.usage()).rejects.toMatchObject({ code: 'cancelled' });
    });
  });
}
