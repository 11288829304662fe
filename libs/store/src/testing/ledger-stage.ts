import { expect } from 'vitest';
import type { Bill, Ledger, MessageView } from '../ledger.js';

/** What one case works on: a place of its own. */
export interface LedgerStage {
  open(): Promise<Ledger>;
  /** Closes the ledger and opens the same place again. */
  reopen(): Promise<Ledger>;
}

/** Matches the Fault of this code. */
export const faultOf = (code: string) => expect.objectContaining({ name: 'Fault', code });

/** A bill without unknown parts is that of its messages to the nano-dollar; with one, some message says so. */
export function expectSameMoney(savings: Bill, messages: readonly MessageView[]): void {
  const figures = [
    [savings.cost, messages.map(({ costNanos }) => costNanos)],
    [savings.baseline, messages.map(({ baselineNanos }) => baselineNanos)],
    [savings.projected, messages.map(({ projectedNanos }) => projectedNanos)],
  ] as const;
  for (const [total, parts] of figures) {
    expect(parts.includes(null)).toBe(total.unpriced > 0);
    const known = parts.reduce<bigint>((all, part) => all + (part ?? 0n), 0n);
    if (total.unpriced === 0) expect(known).toBe(total.knownNanos);
    else expect(known).toBeLessThanOrEqual(total.knownNanos);
  }
}
