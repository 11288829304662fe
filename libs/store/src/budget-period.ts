import { Fault } from '@spillway/contracts/fault';
import type { BudgetCap } from './budget.js';

/** What is spent in one day or month, on one model or on all of them. */
export interface Counter {
  /** A day such as 2026-11-24, or a month such as 2026-11, UTC. */
  readonly period: string;
  /** Empty: all models. */
  readonly model: string;
  /** When the period is over, milliseconds since the epoch. */
  readonly endsAtMs: number;
}

const DAY_MS = 86_400_000;
/** Milliseconds that a counter outlives its period, and an open reservation its call: nobody settles later. */
export const KEPT_MS = 7 * DAY_MS;
/** The greatest number that every driver adds and compares without a rounding error; nine million dollars. */
const MOST_NANOS = BigInt(Number.MAX_SAFE_INTEGER);

/** The counter of a cap's kind at a moment. */
export function counterOf({ per, model = '' }: Pick<BudgetCap, 'per' | 'model'>, atMs: number): Counter {
  const date = new Date(atMs);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const iso = date.toISOString();
  return per === 'day'
    ? { period: iso.slice(0, 10), model, endsAtMs: Date.UTC(year, month, day + 1) }
    : { period: iso.slice(0, 7), model, endsAtMs: Date.UTC(year, month + 1) };
}

/** A counter with the cap that it is held against, where there is one. */
export interface CappedCounter extends Counter {
  readonly cap?: BudgetCap;
}

/** The counters that a call counts in: its day and month, on its model and on all. */
export function countersOf(
  caps: readonly BudgetCap[],
  model: string,
  atMs: number,
): readonly CappedCounter[] {
  return (['day', 'month'] as const).flatMap((per) =>
    [undefined, model].map((of): CappedCounter => {
      const cap = caps.find((each) => each.per === per && each.model === of);
      const counter = counterOf(of === undefined ? { per } : { per, model: of }, atMs);
      return cap === undefined ? counter : { ...counter, cap };
    }),
  );
}

/** Of the counters that have no room for an amount the one that has none for longest: never, or until its end. */
export function fullest(
  full: readonly CappedCounter[],
  nanos: bigint,
): { readonly cap: BudgetCap; readonly resetsAtMs?: number } | undefined {
  const ranked = full.flatMap(({ cap, endsAtMs }) =>
    cap === undefined ? [] : [{ cap, endsAtMs: nanos > cap.nanos ? Number.POSITIVE_INFINITY : endsAtMs }],
  );
  const [longest] = ranked.toSorted((one, other) => other.endsAtMs - one.endsAtMs);
  if (longest === undefined) return undefined;
  const { cap, endsAtMs } = longest;
  return Number.isFinite(endsAtMs) ? { cap, resetsAtMs: endsAtMs } : { cap };
}

/** Throws `misconfigured` for caps that cannot be held: none or too much money, or two of one kind. */
export function checkCaps(caps: readonly BudgetCap[]): void {
  const kinds = new Set(caps.map(({ per, model = '' }) => `${per} ${model}`));
  if (kinds.size < caps.length) throw new Fault('misconfigured', 'two budget caps are of one kind');
  if (caps.some(({ nanos }) => nanos <= 0n || nanos > MOST_NANOS)) {
    throw new Fault('misconfigured', 'a budget cap is not between a nano-dollar and nine million dollars');
  }
}

/** Throws `rejected` for an amount that cannot be counted. */
export function checkAmount(nanos: bigint): void {
  if (nanos < 0n || nanos > MOST_NANOS) {
    throw new Fault('rejected', `a call cannot cost ${nanos} nano-dollars`);
  }
}
