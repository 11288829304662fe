/** The most that may be spent in a span of time, UTC. */
export interface BudgetCap {
  readonly per: 'day' | 'month';
  readonly nanos: bigint;
  /** The model that is meant; left out: all of them together. */
  readonly model?: string;
}

/** Money that is set aside for one call. Plain data: whoever has it can settle it. */
export interface Reservation {
  readonly callId: string;
  readonly model: string;
  /** Nano-dollars. */
  readonly nanos: bigint;
  /** When it was made, milliseconds since the epoch: its day and month count what the call costs. */
  readonly atMs: number;
}

/** What `reserve` found. */
export type Reserved =
  | { readonly state: 'reserved'; readonly reservation: Reservation }
  | {
      /** Nothing was reserved: it would not have fitted. */
      readonly state: 'full';
      /** The cap in the way; of several the one that is in the way for longest. */
      readonly cap: BudgetCap;
      /** When the cap begins anew, milliseconds since the epoch; absent where the call can never fit under it. */
      readonly resetsAtMs?: number;
    };

/** How far one cap is used in the present day or month. */
export interface CapUsage {
  readonly cap: BudgetCap;
  /** Nano-dollars that calls are known to have cost. */
  readonly spentNanos: bigint;
  /** Nano-dollars that are set aside: for calls under way, and for those whose cost nobody knows. */
  readonly reservedNanos: bigint;
  /** When it begins anew, milliseconds since the epoch. */
  readonly resetsAtMs: number;
}

/**
 * Money for calls to models, in nano-dollars. An upper bound is set aside before a call is made, so that calls which are
 * made at once cannot overspend a cap together, and the true cost takes its place afterwards.
 *
 * What is never settled stays counted: a call that a crash broke off may be on the bill. Everything that resolves is as
 * durable as the driver's keyed state. Throws only Fault.
 */
export interface Budget {
  /**
   * Sets money aside under all caps that the call falls under, or under none of them. The same id again finds the
   * reservation that it has, and counts nothing twice, until that is settled. Throws `rejected` for an amount that is
   * negative.
   */
  reserve(callId: string, model: string, nanos: bigint): Promise<Reserved>;
  /**
   * Puts what the call cost in the place of what was set aside: zero, where it surely was not made; undefined, where its
   * cost will never be known, and what was set aside stays counted. A second time has no effect.
   */
  settle(reservation: Reservation, costNanos: bigint | undefined): Promise<void>;
  /** How far each cap is used now, in the order of the caps. */
  usage(): Promise<readonly CapUsage[]>;
  close(): Promise<void>;
}

/** Injection token of the process's budget; null where the policy has no caps. */
export const BUDGET = Symbol('budget');
