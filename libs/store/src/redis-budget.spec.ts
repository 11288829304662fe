import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { openRedisBudget } from './redis-budget.js';
import { budgetContract } from './testing/budget.contract.js';
import { budgetMachine, MACHINE_START_MS, machineCaps } from './testing/budget.machine.js';

const url = inject('redisUrl');
const admin = new Redis(url);
afterAll(() => admin.disconnect());

budgetContract('redis', {
  open: (prefix, caps, now) => openRedisBudget({ url, prefix, caps, now }),
  clients: 5,
});

budgetMachine('redis', async () => {
  const prefix = randomUUID();
  let nowMs = MACHINE_START_MS;
  const open = () => openRedisBudget({ url, prefix, caps: machineCaps, now: () => nowMs });
  let budget = await open();
  return {
    get budget() {
      return budget;
    },
    now: () => nowMs,
    pass(ms) {
      nowMs += ms;
    },
    async reopen() {
      await budget.close();
      budget = await open();
    },
    close: () => budget.close(),
  };
});

describe('redis budget', () => {
  it('lets every counter and reservation expire a week after its use', async () => {
    const prefix = randomUUID();
    const now = () => Date.UTC(2094, 10, 20, 12);
    const budget = await openRedisBudget({ url, prefix, caps: [{ per: 'day', nanos: 10n }], now });
    const { state } = await budget.reserve('open', 'big', 1n);
    const other = await budget.reserve('settled', 'big', 2n);
    if (other.state === 'reserved') await budget.settle(other.reservation, 2n);
    await budget.close();
    expect(state).toBe('reserved');
    const keys = (await admin.keys(`{${prefix}:budget}*`)).toSorted();
    const names = keys.map((key) => key.slice(key.indexOf('}') + 1));
    expect(names).toEqual([
      'counter:2094-11-20:',
      'counter:2094-11-20:big',
      'counter:2094-11:',
      'counter:2094-11:big',
      'reservation:open',
    ]);
    const ends = await Promise.all(keys.map((key) => admin.pexpiretime(key)));
    const [endOfDay, endOfMonth] = [Date.UTC(2094, 10, 28), Date.UTC(2094, 11, 8)];
    expect(ends).toEqual([endOfDay, endOfDay, endOfMonth, endOfMonth, now() + 7 * 86_400_000]);
  });

  it('refuses a prefix that would name another slot', async () => {
    await expect(openRedisBudget({ url, prefix: 'a{b}', caps: [] })).rejects.toMatchObject({
      code: 'misconfigured',
    });
  });

  it('finds nobody at the address', async () => {
    await expect(openRedisBudget({ url: 'redis://127.0.0.1:1', caps: [] })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
