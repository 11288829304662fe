import type { Passed } from '@spillway/confidence/certify';
import { type CertifiedTask, chooseThresholds } from '@spillway/confidence/cost-choice';
import { Fault } from '@spillway/contracts/fault';
import { type Breakdown, breakdown } from './breakdown.js';
import type { StepTuning } from './tune-step.js';

/** Messages that savings and wrong answers are told for. */
export const MESSAGES = 1_000;

/** One of the thresholds at which the promise of a step holds, or none of them. */
export interface StepChoice {
  /** Absent: keeping none of the step's answers is the best. */
  readonly threshold?: Passed;
  /** Share of all messages that is kept. */
  readonly coverage: number;
  /** Nano-dollars saved for 1,000 messages against the big model for all; absent: unknown. */
  readonly savedNanos?: number;
  /** Kept answers of 1,000 messages that are to be expected wrong: an estimate, not a bound. */
  readonly wrong: number;
}

/** A tuned step, with the threshold to propose and what that keeps. */
export interface ChosenStep extends StepTuning, Breakdown {
  /** Absent where no threshold is proven. */
  readonly choice?: StepChoice;
}

export interface ChosenSteps {
  readonly steps: readonly ChosenStep[];
  /** Of all chosen steps together; absent: a part is unknown. */
  readonly savedNanos?: number;
  readonly wrong: number;
  /** What it would save more to keep one more wrong answer for 1,000 messages. Absent while no budget binds. */
  readonly nanosPerWrong?: number;
}

/**
 * Chooses among the thresholds of each step that its promise holds at (all that passed at once, so that choosing is free)
 * those that save the most together, net of the small model's calls, its samples, the score and the shadow audit, with at
 * most `errorBudget` wrong answers to expect for 1,000 messages. Each step is taken to see every message once. A step of
 * unknown cost gets the lowest threshold that is proven.
 *
 * @throws Fault `rejected` for a budget that is to be shared with a step of unknown cost
 */
export function chooseSteps(tunings: readonly StepTuning[], errorBudget?: number): ChosenSteps {
  const unpriced = tunings.filter(({ options }) => options.pricing.costs === undefined);
  if (errorBudget !== undefined && unpriced.length > 0) {
    throw new Fault('rejected', 'a budget of errors is shared by what they save, and that is not known', {
      problems: unpriced.map(({ options: { step, pricing } }) => ({
        where: step,
        message: `needs prices of ${pricing.small} and ${pricing.big}, and answers that tell their tokens`,
      })),
    });
  }
  const tasks = tunings.flatMap(taskOf);
  const { choices, nanosPerAvoidedError } = chooseThresholds(tasks, errorBudget);
  const steps = tunings.map((tuning) => {
    const chosen = choices.find(({ task }) => task === tuning.options.step);
    return withChoice(tuning, chosen === undefined ? lowestOf(tuning) : found(tuning, chosen));
  });
  const made = steps.flatMap(({ choice }) => (choice === undefined ? [] : [choice]));
  const known = made.every(({ savedNanos }) => savedNanos !== undefined);
  return {
    steps,
    ...(known ? { savedNanos: sum(made.map(({ savedNanos = 0 }) => savedNanos)) } : {}),
    wrong: sum(made.map(({ wrong }) => wrong)),
    ...(nanosPerAvoidedError === undefined ? {} : { nanosPerWrong: nanosPerAvoidedError }),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function taskOf({ options, passed, rows }: StepTuning): readonly CertifiedTask[] {
  const { costs } = options.pricing;
  if (costs === undefined || passed.length === 0) return [];
  return [{ task: options.step, volume: MESSAGES, costs, rows: rows.certify, passed }];
}

function found(
  { passed }: StepTuning,
  { threshold, coverage, savedNanos, errors }: ReturnType<typeof chooseThresholds>['choices'][number],
): StepChoice {
  const chosen = passed.find((one) => one.threshold === threshold);
  return { ...(chosen === undefined ? {} : { threshold: chosen }), coverage, savedNanos, wrong: errors };
}

function lowestOf({ passed, rows }: StepTuning): StepChoice | undefined {
  const threshold = passed.at(-1);
  if (threshold === undefined) return undefined;
  const wrong = (MESSAGES * threshold.errors) / rows.certify;
  return { threshold, coverage: threshold.accepted / rows.certify, wrong };
}

function withChoice(tuning: StepTuning, choice: StepChoice | undefined): ChosenStep {
  const threshold = choice?.threshold?.threshold;
  return {
    ...tuning,
    ...(choice === undefined ? {} : { choice }),
    ...(threshold === undefined ? { classes: [] } : breakdown(tuning.judged, threshold)),
  };
}
