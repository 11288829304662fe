import { randomUUID } from 'node:crypto';
import { afterEach, describe } from 'vitest';
import type { Ledger } from '../ledger.js';
import { auditCases } from './ledger-audit.cases.js';
import { listCases } from './ledger-list.cases.js';
import { messageCases } from './ledger-message.cases.js';
import { moneyCases } from './ledger-money.cases.js';
import { orderCases } from './ledger-order.cases.js';
import type { LedgerStage } from './ledger-stage.js';

/**
 * What every driver of the ledger promises. A driver is done when it passes. Opening the same place again, after a
 * close, must find the same ledger; each place is empty at first.
 *
 * @example
 * ledgerContract('embedded', async (place) => openEmbeddedLedger({ path: join(folder, place, 'ledger.db') }));
 */
export function ledgerContract(name: string, openPlace: (place: string) => Promise<Ledger>): void {
  describe(`ledger contract: ${name}`, () => {
    const opened = new Map<string, Ledger>();
    afterEach(async () => {
      for (const ledger of opened.values()) await ledger.close();
      opened.clear();
    });
    const stage = (): LedgerStage => {
      const place = randomUUID();
      const open = async () => {
        const ledger = await openPlace(place);
        opened.set(place, ledger);
        return ledger;
      };
      const reopen = async () => {
        await opened.get(place)?.close();
        return open();
      };
      return { open, reopen };
    };
    describe('messages', () => messageCases(stage));
    describe('lists', () => listCases(stage));
    describe('money', () => moneyCases(stage));
    describe('audits', () => auditCases(stage));
    describe('order', () => orderCases(stage));
  });
}
