/** The most that calls to models may cost in a day or month, UTC. */
export interface BudgetCap {
  readonly per: 'day' | 'month';
  readonly nanos: bigint;
  /** Name of the model in the pack; absent: all models together. */
  readonly model?: string;
}

/**
 * What becomes of a message for which the big model may not be called any more.
 *
 * - `hold`: a person decides
 * - `keep_small`: the small model's answer is kept where its confidence reaches `floor`. A draft then leaves unpolished,
 *   though not to a customer, unless `customerFacing`: nobody would have looked over what the customer reads.
 * - `queue`: the message waits until the cap begins anew, and the big model is asked then; a person decides where that is
 *   longer than `longestWaitMs`
 */
export type CapRule =
  | { readonly rule: 'hold' }
  | { readonly rule: 'keep_small'; readonly floor: number; readonly customerFacing: boolean }
  | { readonly rule: 'queue'; readonly longestWaitMs: number };

export interface Budgets {
  readonly caps: readonly BudgetCap[];
  readonly atCap: CapRule;
}
