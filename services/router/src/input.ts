import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import { outsideLabels } from '@spillway/confidence/label-score';
import {
  type MessageReceived,
  type ReviewDecided,
  ReviewDecision,
  type StepCompleted,
} from '@spillway/contracts/events';
import { Fault, type FaultCode } from '@spillway/contracts/fault';
import { Step, Tier } from '@spillway/contracts/model';
import type { Message, StepAnswer } from '@spillway/policy/case';
import type { Input } from '@spillway/policy/decide';
import type { TaskName } from '@spillway/policy/policy';

const TASKS: Readonly<Partial<Record<Step, TaskName>>> = {
  [Step.CLASSIFY]: 'classify',
  [Step.EXTRACT]: 'extract',
  [Step.SENTIMENT]: 'sentiment',
  [Step.DRAFT]: 'draft',
  [Step.POLISH]: 'polish',
};

/** The kind of result that each step answers with. */
const RESULT_OF = {
  classify: 'classification',
  extract: 'extraction',
  sentiment: 'sentiment',
  draft: 'draft',
  polish: 'polish',
} as const satisfies Record<TaskName, StepCompleted['result']['case']>;

/** What the policy needs of a message. */
export function messageOf(event: MessageReceived): Message {
  return {
    channel: event.channel,
    text: event.text,
    subject: event.subject,
    locale: event.locale,
    attachmentCount: event.attachmentCount,
    receivedAtMs: event.receivedAt === undefined ? 0 : timestampMs(event.receivedAt),
    ...(event.customerFacing === undefined ? {} : { customerFacing: event.customerFacing }),
  };
}

/** A worker's answer. Throws `malformed` where step, tier and result do not fit each other. */
export function answerOf({ step, tier, result, confidence, call }: StepCompleted): StepAnswer {
  const task = TASKS[step];
  const tierName = tier === Tier.SMALL ? 'small' : tier === Tier.BIG ? 'big' : undefined;
  if (task === undefined || tierName === undefined) {
    throw new Fault('malformed', `step ${step} of tier ${tier} is not a model's answer`);
  }
  if (result.case === 'failure') {
    const { code, detail, retryAt } = result.value;
    return {
      step: task,
      tier: tierName,
      failure: detail === '' ? code : `${code}, ${detail}`,
      ...(code === ('over_budget' satisfies FaultCode) ? { overBudget: untilOf(retryAt) } : {}),
    };
  }
  if (result.case !== RESULT_OF[task]) {
    throw new Fault('malformed', `${task} was answered with ${result.case ?? 'nothing'}`);
  }
  return {
    step: task,
    tier: tierName,
    result: result.value as NonNullable<StepAnswer['result']>,
    ...(confidence?.calibrated === undefined ? {} : { confidence: confidence.calibrated }),
    ...(call === undefined || call.fingerprint === '' ? {} : { fingerprint: call.fingerprint }),
    ...signsOf(confidence?.features ?? {}),
  };
}

function signsOf(
  features: Readonly<Record<string, number>>,
): Pick<StepAnswer, 'outsideLabels' | 'offSchema'> {
  const outside = outsideLabels(features);
  const { off_schema: offSchema } = features;
  return {
    ...(outside === undefined ? {} : { outsideLabels: outside }),
    ...(offSchema === undefined ? {} : { offSchema: offSchema > 0 }),
  };
}

const untilOf = (at: Timestamp | undefined): NonNullable<StepAnswer['overBudget']> =>
  at === undefined ? {} : { untilMs: timestampMs(at) };

const DECISIONS = {
  [ReviewDecision.APPROVE]: 'approve',
  [ReviewDecision.EDIT]: 'edit',
  [ReviewDecision.REJECT]: 'reject',
} as const;

/** A person's decision. Throws `malformed` for one that is not known. */
export function reviewOf({ decision, text }: ReviewDecided): Input {
  if (decision === ReviewDecision.UNSPECIFIED) throw new Fault('malformed', 'a review without a decision');
  return { type: 'reviewed', decision: DECISIONS[decision], text };
}
