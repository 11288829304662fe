import type { Classification, Draft, Extraction, Polish, Sentiment } from '@spillway/contracts/model';
import type { TaskName } from './policy.js';

export type TierName = 'small' | 'big';

/** What the decisions need to know of a message. */
export interface Message {
  readonly channel: string;
  readonly text: string;
  readonly subject: string;
  readonly locale: string;
  /** Absent: the policy's rule for the channel decides. */
  readonly customerFacing?: boolean;
  readonly attachmentCount: number;
  readonly receivedAtMs: number;
}

/** The answers of the five steps, each in the form that the events carry. */
export interface Results {
  readonly classify: Classification;
  readonly extract: Extraction;
  readonly sentiment: Sentiment;
  readonly draft: Draft;
  readonly polish: Polish;
}

/** One model's answer to one step, or why there is none. */
export interface StepAnswer<T extends TaskName = TaskName> {
  readonly step: T;
  readonly tier: TierName;
  /** Absent when the step failed. */
  readonly result?: Results[T];
  /** Why there is no result; for a person to read. */
  readonly failure?: string;
  /** There is no result because a budget is full; `untilMs` says when it has room again, where waiting helps. */
  readonly overBudget?: { readonly untilMs?: number };
  /** Calibrated probability, 0 to 1, that the result is right; absent where the model gives no signal. */
  readonly confidence?: number;
  /** Model, server, prompt and constraint that gave it, in one string; absent where the call does not tell. */
  readonly fingerprint?: string;
  /** Over a tenth of the probability lay outside of the labels; absent where the answer does not tell. */
  readonly outsideLabels?: boolean;
  /** It was off the schema at first; absent where the answer does not tell, as of embedded models. */
  readonly offSchema?: boolean;
}

export interface StepState {
  /** Who is asked at the moment, and until when an answer counts (milliseconds since the epoch). */
  readonly awaiting?: { readonly tier: TierName; readonly dueAtMs: number };
  /** The budget is full: when the big model is asked, milliseconds since the epoch. */
  readonly waitingUntilMs?: number;
  /** How often the big model was asked and the budget was full. */
  readonly askedBefore?: number;
  /** The newest answer with a result, kept or not: a person may want to see it. */
  readonly answer?: StepAnswer;
  readonly accepted?: boolean;
}

export interface Reply {
  readonly text: string;
  readonly by: TierName | 'human';
}

/**
 * Where one message stands.
 *
 * - `unknown`: answers have come, the message itself has not (they travel on different topics)
 * - `open`: models are at work
 * - `ready`: it is decided how the message ends, and the end waits for an earlier message of the conversation
 * - `in_review`: a person decides
 * - `settled`: the end
 */
export interface Case {
  readonly phase: 'unknown' | 'open' | 'ready' | 'in_review' | 'settled';
  readonly message?: Message;
  readonly steps: Readonly<Partial<Record<TaskName, StepState>>>;
  /** An earlier message of the conversation is still open: the reply to this one leaves after it. */
  readonly behind: boolean;
  /** The small models were not sure of it: it counts against the escalation limit. */
  readonly escalated?: true;
  /** The best reply so far; what is sent, once `ready` or `settled`; absent then: nothing is. */
  readonly reply?: Reply;
}

/** A message of which nothing is known yet. */
export const unknownCase: Case = { phase: 'unknown', steps: {}, behind: false };

const NEVER = Number.POSITIVE_INFINITY;

/**
 * The next moment by which an answer is due or the big model is to be asked, in milliseconds since the epoch; undefined
 * where neither is.
 */
export function nextDueMs(kase: Case): number | undefined {
  const earliest = Object.values(kase.steps).reduce(
    (due, { awaiting, waitingUntilMs }) => Math.min(due, awaiting?.dueAtMs ?? NEVER, waitingUntilMs ?? NEVER),
    NEVER,
  );
  return earliest === NEVER ? undefined : earliest;
}
