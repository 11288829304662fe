import type { Policy } from '@spillway/policy/policy';
import { reviewWarning } from '@spillway/policy/review';
import type { Logger } from '@spillway/telemetry/logger';

export interface ReviewReminderParts {
  readonly policy: Policy;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const DAY_MS = 86_400_000;

/** Warns in the log, at the start and daily, while the policy was not reviewed for more than a month. */
export function reviewReminder({ policy, log, now }: ReviewReminderParts) {
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const warning = reviewWarning(policy, now());
    if (warning !== undefined) log.warn({ reviewed_on: policy.reviewedOn, policy: policy.version }, warning);
  }

  return {
    start(): void {
      look();
      timer ??= setInterval(look, DAY_MS).unref();
    },
    stop(): void {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
