import { OUT_OF_SCOPE } from '@spillway/pack/pack';
import type { StepAnswer } from '@spillway/policy/case';
import type { Turn } from '@spillway/policy/decide';
import type { Policy, TaskName } from '@spillway/policy/policy';
import { isFrozen } from '@spillway/policy/safeguard';

/** What one small answer shows of its task's traffic, whatever is right. */
export interface SharesSeen {
  readonly task: TaskName;
  /** Under the certified threshold, which a standing alarm does not raise; or without a confidence. */
  readonly belowThreshold: boolean;
  /** Absent for a task that does not say. */
  readonly outOfScope?: boolean;
  /** Absent for an answer that does not say. */
  readonly outsideLabels?: boolean;
  /** Absent for an answer that does not say. */
  readonly offSchema?: boolean;
}

/**
 * The small answers that one event decided on and that their task's certificate covers. Failures are left out: a small
 * model that is down is no other traffic, and an answer that stayed off the schema does not name its prompt.
 */
export const sharesSeen = ({ kase, actions }: Turn, policy: Policy): readonly SharesSeen[] =>
  actions.flatMap((action) => {
    if (action.type !== 'decided' || action.tier !== 'small') return [];
    const task = action.step;
    const { certificate, threshold } = policy.tasks[task];
    if (certificate === undefined) return [];
    const answer = kase.steps[task]?.answer;
    if (answer?.tier !== 'small' || isFrozen(certificate, answer)) return [];
    const { outsideLabels, offSchema } = answer;
    const belowThreshold = answer.confidence === undefined || answer.confidence < threshold;
    const label = task === 'classify' ? (answer as StepAnswer<'classify'>).result?.label : undefined;
    return [
      {
        task,
        belowThreshold,
        ...(label === undefined ? {} : { outOfScope: label === OUT_OF_SCOPE }),
        ...(outsideLabels === undefined ? {} : { outsideLabels }),
        ...(offSchema === undefined ? {} : { offSchema }),
      },
    ];
  });
