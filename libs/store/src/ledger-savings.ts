import type { Bill, ModelSavings, Money, Savings, StepName, StepSavings, StepTier } from './ledger.js';

/** Part of what one step, tier and model come to; parts are added up. */
export interface SavingsLine extends ModelSavings {
  readonly step: StepName;
}

/** How many messages of a span are where, and how many needed what. */
export interface MessageTally {
  readonly messages: number;
  readonly settled: number;
  readonly inReview: number;
  readonly failed: number;
  readonly escalatedMessages: number;
  /** True when a token count in the baseline or the projection is an estimate. */
  readonly estimated: boolean;
}

/** Messages that had a step, and that had it with the big tier. */
export interface StepTally {
  readonly step: StepName;
  readonly messages: number;
  readonly bigMessages: number;
}

const steps: readonly StepName[] = ['classify', 'extract', 'sentiment', 'draft', 'polish'];
const tierOrder: readonly (StepTier | null)[] = ['small', 'big', 'human', 'audit', null];
const nothing: Money = { knownNanos: 0n, unpriced: 0 };

/** A line of nothing, to be spread under the figures that there are. */
export const emptyFigures = {
  calls: 0,
  failures: 0,
  accepted: 0,
  escalated: 0,
  held: 0,
  cost: nothing,
  baseline: nothing,
  projected: nothing,
} as const satisfies Partial<SavingsLine>;

/**
 * Adds parts up to the savings view. Every total is made of the figures that are shown under it and of nothing else.
 */
export function savingsOf(
  span: { readonly fromMs: number; readonly toMs: number },
  messages: readonly MessageTally[],
  stepMessages: readonly StepTally[],
  lines: readonly SavingsLine[],
): Savings {
  const byStep = steps.map((step) =>
    stepSavings(
      step,
      stepMessages.filter((tally) => tally.step === step),
      lines.filter((line) => line.step === step),
    ),
  );
  return {
    ...span,
    messages: total(messages, 'messages'),
    settled: total(messages, 'settled'),
    inReview: total(messages, 'inReview'),
    failed: total(messages, 'failed'),
    escalatedMessages: total(messages, 'escalatedMessages'),
    estimated: messages.some(({ estimated }) => estimated),
    calls: total(byStep, 'calls'),
    ...billSum(byStep),
    steps: byStep,
  };
}

function stepSavings(
  step: StepName,
  tallies: readonly StepTally[],
  lines: readonly SavingsLine[],
): StepSavings {
  const models = mergeLines(lines);
  return {
    step,
    calls: total(models, 'calls'),
    failures: total(models, 'failures'),
    keptSmall: total(
      models.filter(({ tier }) => tier === 'small'),
      'accepted',
    ),
    escalated: total(models, 'escalated'),
    held: total(models, 'held'),
    messages: total(tallies, 'messages'),
    bigMessages: total(tallies, 'bigMessages'),
    ...billSum(models),
    models,
  };
}

/** One line for each tier and model, small tiers first. */
function mergeLines(lines: readonly SavingsLine[]): readonly ModelSavings[] {
  const groups = Map.groupBy(lines, ({ tier, model, embedded }) => JSON.stringify([tier, model, embedded]));
  return [...groups.values()].map(mergeGroup).sort(inOrder);
}

function mergeGroup(group: readonly SavingsLine[]): ModelSavings {
  const { model, tier, embedded } = group[0] as SavingsLine;
  return {
    model,
    tier,
    embedded,
    calls: total(group, 'calls'),
    failures: total(group, 'failures'),
    accepted: total(group, 'accepted'),
    escalated: total(group, 'escalated'),
    held: total(group, 'held'),
    ...billSum(group),
  };
}

const inOrder = (one: ModelSavings, other: ModelSavings): number =>
  tierOrder.indexOf(one.tier) - tierOrder.indexOf(other.tier) ||
  (one.model ?? '').localeCompare(other.model ?? '');

const billSum = (parts: readonly Bill[]): Bill => ({
  cost: moneySum(parts.map(({ cost }) => cost)),
  baseline: moneySum(parts.map(({ baseline }) => baseline)),
  projected: moneySum(parts.map(({ projected }) => projected)),
});

const moneySum = (parts: readonly Money[]): Money => ({
  knownNanos: parts.reduce((sum, { knownNanos }) => sum + knownNanos, 0n),
  unpriced: total(parts, 'unpriced'),
});

function total<K extends string>(parts: readonly Readonly<Record<K, number>>[], key: K): number {
  return parts.reduce((sum, part) => sum + part[key], 0);
}
