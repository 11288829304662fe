/** A stored value with the version that a conditional write names. */
export interface Entry {
  readonly value: Uint8Array;
  readonly version: number;
}

/** One change of an atomic write. */
export type Change =
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly value: Uint8Array;
      /** Version that the entry must still have; 0: it must not exist. Left out: no condition. */
      readonly expect?: number;
      /** Milliseconds until the entry may be forgotten. Left out: kept. */
      readonly ttlMs?: number;
    }
  | { readonly kind: 'delete'; readonly key: string }
  /** Arms (or moves) the alarm called `key` with the given payload. */
  | { readonly kind: 'arm'; readonly key: string; readonly at: number; readonly payload: Uint8Array }
  | { readonly kind: 'disarm'; readonly key: string };

/** What `claim` found. */
export type Claim =
  /** The caller owns the work until `leaseMs` are over; `fence` proves it to `complete`. */
  | { readonly state: 'claimed'; readonly fence: number }
  /** The work was done before; this is its result. */
  | { readonly state: 'done'; readonly result: Uint8Array }
  /** Someone else owns the work until `until` (milliseconds since the epoch). */
  | { readonly state: 'busy'; readonly until: number };

export interface Alarm {
  readonly key: string;
  readonly at: number;
  readonly payload: Uint8Array;
}

/**
 * Case state, call results, idempotency keys and alarms.
 *
 * Keys look like `case:{conversation}:message`: the part in braces names the slot, and all keys of one `write` must
 * share it, so that a clustered driver can be atomic. Everything that resolves is durable. Throws only Fault.
 */
export interface KeyedState {
  get(key: string): Promise<Entry | undefined>;
  /**
   * All changes or none; resolves with the versions that the puts got, in their order. Throws `conflict` when an
   * expected version does not hold, `rejected` when the keys do not share their slot.
   */
  write(changes: readonly Change[]): Promise<readonly number[]>;
  /** Takes up a piece of work, at most one owner at a time. An expired lease passes to the next claimer. */
  claim(key: string, leaseMs: number): Promise<Claim>;
  /** Lets the owner keep the work for another `leaseMs` from now. Throws `conflict` as `complete` does, and once it is done. */
  renew(key: string, fence: number, leaseMs: number): Promise<void>;
  /** Stores the result. Throws `conflict` when the fence is no longer the newest. */
  complete(key: string, fence: number, result: Uint8Array, ttlMs: number): Promise<void>;
  /** Gives the work up without a result, so that the next claim succeeds at once. */
  release(key: string, fence: number): Promise<void>;
  /** Alarms that are due, oldest first. They stay until disarmed. */
  due(now: number, limit: number): Promise<readonly Alarm[]>;
  close(): Promise<void>;
}

/** Injection token of the process's one keyed state. */
export const KEYED_STATE = Symbol('keyed state');
