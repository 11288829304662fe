import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Bill, Ledger, MessageView, Money } from '../ledger.js';
import { histories } from './ledger-history.js';
import { expectSameMoney, type LedgerStage } from './ledger-stage.js';

const ids = ['m1', 'm2', 'm3', 'm4'];
/** Milliseconds. A driver may talk to a server. */
const PATIENCE = 120_000;

async function everything(ledger: Ledger) {
  return {
    messages: await Promise.all(ids.map((id) => ledger.message(id))),
    reviews: (await ledger.reviews({ limit: 10 })).items,
    counts: await ledger.counts(),
    savings: await ledger.savings({}),
    audits: await ledger.audits({}),
    openAudits: (await ledger.openAudits({ limit: 10 })).items.map(
      ({ messageId, step }) => `${messageId} ${step}`,
    ),
  };
}

export function orderCases(stage: () => LedgerStage): void {
  it('comes to the same whatever order changes arrive in and however often', {
    timeout: PATIENCE,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(histories, async ({ facts, shuffled }) => {
        const straight = await stage().open();
        await straight.apply(facts);
        const crooked = await stage().open();
        for (const [n, fact] of shuffled.entries()) {
          await crooked.apply([fact]);
          if (n % 7 === 0) await crooked.savings({});
        }
        expect(byTime(await everything(crooked))).toEqual(byTime(await everything(straight)));
        await straight.close();
        await crooked.close();
      }),
      { numRuns: 40 },
    );
  });

  it('has totals that are the sums of their parts', { timeout: PATIENCE }, async () => {
    await fc.assert(
      fc.asyncProperty(histories, async ({ facts }) => {
        const ledger = await stage().open();
        await ledger.apply(facts);
        const { savings, messages } = await everything(ledger);
        expect(billOf(savings)).toEqual(billSum(savings.steps));
        for (const step of savings.steps) expect(billOf(step)).toEqual(billSum(step.models));
        expectSameMoney(savings, messages as readonly MessageView[]);
        await ledger.close();
      }),
      { numRuns: 60 },
    );
  });
}

/** Reviews and requests of one moment have no order of their own. */
function byTime<
  T extends { readonly reviews: readonly { readonly id: string }[]; readonly openAudits: readonly string[] },
>(all: T) {
  const reviews = all.reviews.toSorted((one, other) => one.id.localeCompare(other.id));
  return { ...all, reviews, openAudits: all.openAudits.toSorted() };
}

const billOf = ({ cost, baseline, projected }: Bill): Bill => ({ cost, baseline, projected });

const billSum = (parts: readonly Bill[]): Bill => ({
  cost: sum(parts.map(({ cost }) => cost)),
  baseline: sum(parts.map(({ baseline }) => baseline)),
  projected: sum(parts.map(({ projected }) => projected)),
});

const sum = (parts: readonly Money[]): Money => ({
  knownNanos: parts.reduce((total, { knownNanos }) => total + knownNanos, 0n),
  unpriced: parts.reduce((total, { unpriced }) => total + unpriced, 0),
});
