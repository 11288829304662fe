import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@spillway/sqlite/database';
import { afterAll, expect, it } from 'vitest';
import { openEmbeddedBudget } from './embedded-budget.js';
import { budgetContract } from './testing/budget.contract.js';
import { budgetMachine, MACHINE_START_MS, machineCaps } from './testing/budget.machine.js';

const folder = mkdtempSync(join(tmpdir(), 'spillway-budget-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pathOf = (place: string): string => join(folder, place, 'budget.db');

budgetContract('embedded', {
  open: async (place, caps, now) => openEmbeddedBudget({ path: pathOf(place), caps, now }),
  clients: 1,
});

budgetMachine('embedded', async () => {
  const path = pathOf(randomUUID());
  let nowMs = MACHINE_START_MS;
  const open = () => openEmbeddedBudget({ path, caps: machineCaps, now: () => nowMs });
  let budget = open();
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
      budget = open();
    },
    close: () => budget.close(),
  };
});

it('forgets a week after its end what a day or month counted', async () => {
  const path = pathOf(randomUUID());
  let nowMs = Date.UTC(2026, 10, 29);
  const budget = openEmbeddedBudget({ path, caps: [{ per: 'day', nanos: 10n }], now: () => nowMs });
  await budget.reserve('never settled', 'big', 1n);
  nowMs = Date.UTC(2026, 11, 8);
  await budget.reserve('other', 'big', 2n);
  await budget.close();
  const database = openDatabase(path, { migrations: ['', ''].slice(1), synchronous: 'normal' });
  const rows = database.prepare('SELECT period, model, reserved FROM counters').all();
  const open = database.prepare('SELECT call_id FROM reservations').all();
  database.close();
  expect(open.map((row) => row['call_id'])).toEqual(['other']);
  expect(rows.map((row) => Object.values(row).join(' ')).toSorted()).toEqual([
    '2026-12  2',
    '2026-12 big 2',
    '2026-12-08  2',
    '2026-12-08 big 2',
  ]);
});
