import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { emit, type Outgoing } from '@spillway/contracts/event';
import {
  DecisionMadeSchema,
  DraftRequestedSchema,
  MessageSettledSchema,
  Outcome,
  PolishPurpose,
  PolishRequestedSchema,
  ReviewRequestedSchema,
  Verdict,
} from '@spillway/contracts/events';
import { Step, Tier } from '@spillway/contracts/model';
import type { Case, Results } from '@spillway/policy/case';
import type { Action } from '@spillway/policy/decide';
import type { TaskName } from '@spillway/policy/policy';

/** Steps as the events name them. */
export const STEPS: Readonly<Record<TaskName, Step>> = {
  classify: Step.CLASSIFY,
  extract: Step.EXTRACT,
  sentiment: Step.SENTIMENT,
  draft: Step.DRAFT,
  polish: Step.POLISH,
};
const TIERS = { small: Tier.SMALL, big: Tier.BIG, human: Tier.HUMAN } as const;
const VERDICTS = {
  accept: Verdict.ACCEPT,
  escalate: Verdict.ESCALATE,
  hold: Verdict.HOLD,
  wait: Verdict.WAIT,
} as const;

/** Which message an action is about, when it was decided and by which policy. */
export interface Occasion {
  readonly conversationId: string;
  readonly messageId: string;
  readonly atMs: number;
  readonly policyVersion: string;
}

/** The newest result of a step, whoever gave it; unset in an event where there is none. */
function resultOf<T extends TaskName>(kase: Case, step: T): Results[T] | undefined {
  return kase.steps[step]?.answer?.result as Results[T] | undefined;
}

function known(kase: Case) {
  const classification = resultOf(kase, 'classify');
  const extraction = resultOf(kase, 'extract');
  const sentiment = resultOf(kase, 'sentiment');
  return {
    ...(classification === undefined ? {} : { classification }),
    ...(extraction === undefined ? {} : { extraction }),
    ...(sentiment === undefined ? {} : { sentiment }),
  };
}

function draftOf(
  kase: Case,
): Pick<MessageInitShape<typeof PolishRequestedSchema>, 'draft' | 'draftConfidence'> {
  const draft = resultOf(kase, 'draft');
  const confidence = kase.steps.draft?.answer?.confidence;
  return {
    ...(draft === undefined ? {} : { draft }),
    ...(confidence === undefined ? {} : { draftConfidence: confidence }),
  };
}

/**
 * The event that tells the others of one action. The same action makes the same event, id included, however often it
 * is made. `kase` is the case after the action was decided.
 */
export function outgoing(action: Action, kase: Case, occasion: Occasion): Outgoing {
  const { conversationId, messageId, policyVersion } = occasion;
  const at = timestampFromMs(occasion.atMs);
  const ids = { conversationId, messageId };
  const asked = {
    ...ids,
    text: kase.message?.text ?? '',
    subject: kase.message?.subject ?? '',
    locale: kase.message?.locale ?? '',
    receivedAt: timestampFromMs(kase.message?.receivedAtMs ?? 0),
  };
  switch (action.type) {
    case 'decided': {
      const { step, tier, verdict, reasons, confidence, threshold, wait, untilMs } = action;
      return emit(
        DecisionMadeSchema,
        {
          ...ids,
          step: STEPS[step],
          tier: TIERS[tier],
          verdict: VERDICTS[verdict],
          reasons: [...reasons],
          ...(confidence === undefined ? {} : { confidence }),
          ...(threshold === undefined ? {} : { threshold }),
          policyVersion,
          decidedAt: at,
          ...(untilMs === undefined ? {} : { waitUntil: timestampFromMs(untilMs) }),
        },
        wait === undefined ? `${step}:${tier}` : `${step}:${tier}:wait-${wait}`,
      );
    }
    case 'draft':
      return emit(DraftRequestedSchema, { ...asked, ...known(kase) });
    case 'ask-big': {
      const final = action.purpose === 'final';
      const purpose = final ? PolishPurpose.FINAL : PolishPurpose.ESCALATION;
      const { task, askedBefore = 0 } = action;
      const request = {
        ...asked,
        ...known(kase),
        ...draftOf(kase),
        task: STEPS[task],
        purpose,
        askedBefore,
      };
      const name = final ? 'final' : task;
      return emit(PolishRequestedSchema, request, askedBefore === 0 ? name : `${name}:${askedBefore}`);
    }
    case 'review': {
      const polish = resultOf(kase, 'polish');
      const { draft } = draftOf(kase);
      return emit(ReviewRequestedSchema, {
        ...ids,
        reviewId: messageId,
        step: STEPS[action.step],
        reasons: [...action.reasons],
        ...(draft === undefined ? {} : { draft }),
        ...(polish === undefined ? {} : { polish }),
        requestedAt: at,
      });
    }
    case 'settle':
      return emit(MessageSettledSchema, {
        ...ids,
        outcome: action.outcome === 'replied' ? Outcome.REPLIED : Outcome.CLOSED,
        reply: action.reply?.text ?? '',
        replyBy: action.reply === undefined ? Tier.UNSPECIFIED : TIERS[action.reply.by],
        policyVersion,
        settledAt: at,
      });
  }
}
