/** Why an answer of the ledger is not among the rows of an export, in the order in which it is looked at. */
export const leftOutReasons = {
  in_review: 'a person has not decided on the reply yet',
  rejected_by_person: 'a person found the reply wrong, and wrote no other',
  contradicted_by_person: 'a person gave another label than the big model',
  big_unsure: 'the big model was not sure of its answer, and no person confirmed it',
  built_on_wrong_step: 'the reply was built on an answer that a person found wrong',
  inputs_missing: "what the step's prompt is made of is not in the ledger",
  off_the_pack: 'the answer does not fit the pack and the message: another label, field, macro or form',
  in_eval_set: 'the message is in an eval set of the pack, which no model may be trained on',
  spent: 'the row has certified a threshold',
  duplicate: 'the same message, as far as it is folded and masked, is there already',
  same_conversation: 'another message of its conversation is there already',
  masked_label: 'the label is personal data: masked, nothing is left to be found in the message',
} as const;

export type LeftOutReason = keyof typeof leftOutReasons;

/** How many answers were left out for one reason, and the ids of the first messages. */
export interface LeftOut {
  readonly reason: LeftOutReason;
  readonly rows: number;
  readonly firstMessages: readonly string[];
}

const NAMED = 5;

/** Counts what is left out. */
export function leftOutCounter() {
  const ids = new Map<LeftOutReason, string[]>();
  const counts = new Map<LeftOutReason, number>();
  return {
    add(reason: LeftOutReason, id: string): void {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      const named = ids.get(reason) ?? [];
      if (named.length < NAMED) ids.set(reason, [...named, id]);
    },
    sum: (): readonly LeftOut[] =>
      (Object.keys(leftOutReasons) as LeftOutReason[]).flatMap((reason) => {
        const rows = counts.get(reason);
        return rows === undefined ? [] : [{ reason, rows, firstMessages: ids.get(reason) ?? [] }];
      }),
  };
}
