import type { Money, VerdictName } from './ledger.js';
import { stepOf, tierOf, verdicts } from './ledger-codes.js';
import { emptyFigures, type MessageTally, type SavingsLine, type StepTally } from './ledger-savings.js';

/** A whole number as a driver reads it; money is always a bigint. */
type Whole = number | bigint;
type Truth = Whole | boolean;

export interface MessagesRow {
  readonly messages: Whole;
  readonly settled: Whole;
  readonly inReview: Whole;
  readonly failed: Whole;
  readonly escalated: Whole;
  readonly estimated: Truth;
}

export interface StepsRow {
  /** Place of the step in its list. */
  readonly step: number;
  readonly messages: Whole;
  readonly bigMessages: Whole;
}

/** Calls of one slot to one model. */
export interface CallsRow {
  readonly slot: Whole;
  readonly model: string | null;
  readonly embedded: Truth;
  readonly calls: Whole;
  readonly failures: Whole;
  readonly cost: bigint | null;
  readonly costUnknown: Whole;
  readonly baseline: bigint | null;
  readonly baselineUnknown: Whole;
  readonly projected: bigint | null;
  readonly projectedUnknown: Whole;
}

export interface DecisionsRow {
  readonly slot: number;
  readonly model: string | null;
  readonly embedded: Truth | null;
  readonly verdict: number;
  readonly n: Whole;
}

/** The polishes that were not made. */
export interface PolishRow {
  readonly baseline: bigint | null;
  readonly baselineUnknown: Whole | null;
  readonly polishes: Whole;
}

export const messageTally = (row: MessagesRow, spared: PolishRow): MessageTally => ({
  messages: Number(row.messages),
  settled: Number(row.settled),
  inReview: Number(row.inReview),
  failed: Number(row.failed),
  escalatedMessages: Number(row.escalated),
  estimated: Boolean(row.estimated) || spared.polishes > 0,
});

export const stepTally = (row: StepsRow): StepTally => ({
  step: stepOf(row.step << 2),
  messages: Number(row.messages),
  bigMessages: Number(row.bigMessages),
});

/** The lines of the savings: what was called, what was decided, and the polishes that were not needed. */
export const savingsLines = (
  calls: readonly CallsRow[],
  decisions: readonly DecisionsRow[],
  spared: PolishRow,
): readonly SavingsLine[] => [...calls.map(callLine), ...decisions.map(decisionLine), polishLine(spared)];

const money = (known: bigint | null, unknown: Whole | null): Money => ({
  knownNanos: known ?? 0n,
  unpriced: Number(unknown ?? 0),
});

const callLine = (row: CallsRow): SavingsLine => ({
  ...emptyFigures,
  step: stepOf(Number(row.slot)),
  tier: tierOf(Number(row.slot)),
  model: row.model,
  embedded: Boolean(row.embedded),
  calls: Number(row.calls),
  failures: Number(row.failures),
  cost: money(row.cost, row.costUnknown),
  baseline: money(row.baseline, row.baselineUnknown),
  projected: money(row.projected, row.projectedUnknown),
});

const verdictFigure = { accept: 'accepted', escalate: 'escalated', hold: 'held' } as const;

const decisionLine = (row: DecisionsRow): SavingsLine => ({
  ...emptyFigures,
  step: stepOf(row.slot),
  tier: tierOf(row.slot),
  model: row.model,
  embedded: Boolean(row.embedded),
  [verdictFigure[verdicts[row.verdict] as VerdictName]]: Number(row.n),
});

/** The polish that the big model would have given to messages that needed none here. */
const polishLine = (row: PolishRow): SavingsLine => ({
  ...emptyFigures,
  step: 'polish',
  tier: null,
  model: null,
  embedded: false,
  baseline: money(row.baseline, row.baselineUnknown),
});
