import { Fault } from '@spillway/contracts/fault';
import type { Passed } from './thresholds.js';

/** What the calls for one request of a task cost, in nano-dollars. */
export interface RoutingCosts {
  /** One call of the small model. */
  readonly smallNanos: bigint;
  /** Calls of the small model for each request: more than 1 where agreement of samples is the score. */
  readonly samples: number;
  /** The score itself: a judge, a second classifier. */
  readonly scorerNanos: bigint;
  /** One call of the big model. */
  readonly bigNanos: bigint;
  /** Share of the kept answers that the big model, and a person where one does, answers again to audit them. */
  readonly shadowRate: number;
  /** A person's work on one audited answer. */
  readonly personNanos: bigint;
}

/** What happened to a task's requests, as whole numbers. */
export interface RoutedCounts {
  readonly requests: number;
  readonly smallCalls: number;
  readonly kept: number;
  readonly audited: number;
}

/**
 * The share of answers that has to be kept for routing to cost as much as sending every request to the big model, net of
 * all calls of the small one, the score and the shadow audit. Above 1 it never pays; Infinity when auditing a kept answer
 * costs as much as it saves.
 */
export function breakEvenCoverage(costs: RoutingCosts): number {
  const saved = nanosPerKept(costs);
  return saved > 0 ? nanosPerRequest(costs) / saved : Number.POSITIVE_INFINITY;
}

/** What a request saves on average against the big model for all, in nano-dollars; negative under the break-even. */
export function savingPerRequest(costs: RoutingCosts, coverage: number): number {
  return coverage * nanosPerKept(costs) - nanosPerRequest(costs);
}

/**
 * What routing has saved against the big model for all, in nano-dollars, to the last one.
 *
 * @throws Fault `rejected` for counts that are not whole numbers from 0 on
 */
export function savingOf(costs: RoutingCosts, counts: RoutedCounts): bigint {
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || count < 0)
      throw new Fault('rejected', `${name} of ${count} is no count`);
  }
  return (
    BigInt(counts.kept) * costs.bigNanos -
    BigInt(counts.smallCalls) * costs.smallNanos -
    BigInt(counts.requests) * costs.scorerNanos -
    BigInt(counts.audited) * (costs.bigNanos + costs.personNanos)
  );
}

function nanosPerKept({ bigNanos, shadowRate, personNanos }: RoutingCosts): number {
  return Number(bigNanos) - shadowRate * Number(bigNanos + personNanos);
}

function nanosPerRequest({ smallNanos, samples, scorerNanos }: RoutingCosts): number {
  return samples * Number(smallNanos) + Number(scorerNanos);
}

/** A task whose thresholds passed certification, all of which hold at the same time. */
export interface CertifiedTask {
  readonly task: string;
  /** Requests in the period that the budget is for. */
  readonly volume: number;
  readonly costs: RoutingCosts;
  /** Labelled rows of the certification, to which the counts of `passed` refer. */
  readonly rows: number;
  readonly passed: readonly Passed[];
  /** How many plain errors one of this task counts for, 1 when left out. */
  readonly errorWeight?: number;
}

export interface ThresholdChoice {
  readonly task: string;
  /** Undefined: the small model's answers of this task are better not kept at all. */
  readonly threshold: number | undefined;
  readonly coverage: number;
  /** Wrong answers to expect among those kept in the period, weighted: an estimate, not a bound. */
  readonly errors: number;
  readonly savedNanos: number;
}

export interface CostChoice {
  readonly choices: readonly ThresholdChoice[];
  readonly errors: number;
  readonly savedNanos: number;
  /** What avoiding one more wrong answer costs at this choice. Undefined while the budget does not bind. */
  readonly nanosPerAvoidedError: number | undefined;
}

/**
 * Chooses for each task the passed threshold, or none, so that all together save the most with at most `errorBudget` wrong
 * answers to expect in the period. Steps along the convex hull of each task, the best saving per error first, which is the
 * Lagrangian solution at the price where the budget binds; what the next step leaves of the budget goes to thresholds
 * between the corners. It falls short of the best choice by less than that one step saves.
 */
export function chooseThresholds(
  tasks: readonly CertifiedTask[],
  errorBudget = Number.POSITIVE_INFINITY,
): CostChoice {
  const options = tasks.map(optionsOf);
  const chosen = options.map((choices) => choices[0] as ThresholdChoice);
  const steps = options.flatMap((choices, at) => hullSteps(choices).map((step) => ({ ...step, at })));
  steps.sort((a, b) => b.slope - a.slope);
  let spent = 0;
  const binding = steps.find(({ at, to }) => {
    const more = to.errors - (chosen[at] as ThresholdChoice).errors;
    if (spent + more > errorBudget) return true;
    spent += more;
    chosen[at] = to;
    return false;
  });
  if (binding !== undefined) fill(options, chosen, errorBudget);
  return {
    choices: chosen,
    errors: sum(chosen, ({ errors }) => errors),
    savedNanos: sum(chosen, ({ savedNanos }) => savedNanos),
    nanosPerAvoidedError: binding?.slope,
  };
}

/** To keep nothing, and every passed threshold, by rising errors. */
function optionsOf({ task, volume, costs, rows, passed, errorWeight = 1 }: CertifiedTask): ThresholdChoice[] {
  const none = { task, threshold: undefined, coverage: 0, errors: 0, savedNanos: 0 };
  const some = passed.map(({ threshold, accepted, errors }) => ({
    task,
    threshold,
    coverage: accepted / rows,
    errors: (errorWeight * volume * errors) / rows,
    savedNanos: volume * savingPerRequest(costs, accepted / rows),
  }));
  return [none, ...some.sort((a, b) => a.errors - b.errors || a.savedNanos - b.savedNanos)];
}

interface Step {
  readonly to: ThresholdChoice;
  /** Nano-dollars saved for each further wrong answer. */
  readonly slope: number;
}

/** From corner to corner of the upper convex hull, as long as there is something to save. */
function hullSteps(options: readonly ThresholdChoice[]): Step[] {
  const corners: Step[] = [];
  for (const to of options.slice(1)) {
    let slope = slopeOf(corners.at(-1)?.to ?? options[0], to);
    for (let last = corners.at(-1); last !== undefined && last.slope <= slope; last = corners.at(-1)) {
      corners.pop();
      slope = slopeOf(corners.at(-1)?.to ?? options[0], to);
    }
    corners.push({ to, slope });
  }
  return corners.filter(({ slope }) => slope > 0);
}

function slopeOf(from: ThresholdChoice | undefined, to: ThresholdChoice): number {
  const saved = to.savedNanos - (from?.savedNanos ?? 0);
  return saved === 0 ? 0 : saved / (to.errors - (from?.errors ?? 0));
}

/** Spends what is left of the budget on whatever threshold of whatever task still saves the most. */
function fill(options: readonly ThresholdChoice[][], chosen: ThresholdChoice[], errorBudget: number): void {
  for (;;) {
    const left = errorBudget - sum(chosen, ({ errors }) => errors);
    let most = 0;
    let better: { at: number; to: ThresholdChoice } | undefined;
    for (const [at, now] of chosen.entries()) {
      for (const to of options[at] ?? []) {
        const gain = to.savedNanos - now.savedNanos;
        if (gain <= most || to.errors - now.errors > left) continue;
        most = gain;
        better = { at, to };
      }
    }
    if (better === undefined) return;
    chosen[better.at] = better.to;
  }
}

function sum<One>(all: readonly One[], amount: (one: One) => number): number {
  return all.reduce((total, one) => total + amount(one), 0);
}
