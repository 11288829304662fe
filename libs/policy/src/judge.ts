import type { Case, StepAnswer } from './case.js';
import { depthReasons, facesCustomer } from './depth.js';
import { type Judgement, shown } from './judgement.js';
import { judgeOverBudget } from './over-budget.js';
import type { Policy } from './policy.js';
import { safeguardOf } from './safeguard.js';

/** A big model's answer: kept unless it failed or is less sure than the policy allows. */
function judgeBig(answer: StepAnswer, policy: Policy): Judgement {
  const { holdBelow } = policy.tasks[answer.step];
  if (answer.failure !== undefined) {
    return { verdict: 'hold', reasons: [`no result from the big model: ${answer.failure}`] };
  }
  if (answer.confidence === undefined) {
    return { verdict: 'accept', reasons: ['the big model answered; it gives no confidence'] };
  }
  const compared = `confidence ${shown(answer.confidence)} of the big model`;
  return answer.confidence < holdBelow
    ? { verdict: 'hold', reasons: [`${compared} is under ${shown(holdBelow)}`], threshold: holdBelow }
    : { verdict: 'accept', reasons: [`${compared} reaches ${shown(holdBelow)}`], threshold: holdBelow };
}

/** A small model's answer by its confidence, unless a frozen certificate or an alarm decides before it. */
function judgeSmall(answer: StepAnswer, policy: Policy): Judgement {
  if (answer.failure !== undefined) {
    return { verdict: 'escalate', reasons: [`no result from the small model: ${answer.failure}`] };
  }
  const { verdict, threshold, reasons } = safeguardOf(answer, policy);
  if (verdict !== undefined) return { verdict, reasons, threshold };
  const judged = byConfidence(answer.confidence, threshold);
  return reasons.length === 0 ? judged : { ...judged, reasons: [...judged.reasons, ...reasons] };
}

function byConfidence(confidence: number | undefined, threshold: number): Judgement {
  if (confidence === undefined) {
    return { verdict: 'escalate', reasons: ['the small model gives no confidence'], threshold };
  }
  return confidence < threshold
    ? {
        verdict: 'escalate',
        reasons: [`confidence ${shown(confidence)} is under the threshold ${shown(threshold)}`],
        threshold,
      }
    : {
        verdict: 'accept',
        reasons: [`confidence ${shown(confidence)} reaches the threshold ${shown(threshold)}`],
        threshold,
      };
}

/** The intent of the case when its replies always go to a person. */
function personalIntent(kase: Case, policy: Policy): string | undefined {
  const label = (kase.steps.classify?.answer as StepAnswer<'classify'> | undefined)?.result?.label;
  return label !== undefined && policy.alwaysPerson.includes(label) ? label : undefined;
}

/** A draft leaves as it is only when the small model is sure, no customer reads it and the message needs no depth. */
function judgeDraft(kase: Case, answer: StepAnswer, policy: Policy): Judgement {
  const judged = answer.tier === 'small' ? judgeSmall(answer, policy) : judgeBig(answer, policy);
  if (answer.result === undefined || judged.verdict === 'hold') return judged;
  const intent = personalIntent(kase, policy);
  if (intent !== undefined) {
    return { ...judged, verdict: 'hold', reasons: [`${intent} always goes to a person`] };
  }
  if (answer.tier === 'big' || kase.message === undefined) return judged;
  const reasons = [
    ...(judged.verdict === 'escalate' ? judged.reasons : []),
    ...(facesCustomer(kase.message, policy) ? ['a customer reads the reply'] : []),
    ...depthReasons(kase.message, policy.depth),
  ];
  return reasons.length === 0 ? judged : { ...judged, verdict: 'escalate', reasons };
}

/** The polish that every reply to a customer gets is a matter of course: it says nothing of the message. */
const isMatterOfCourse = (kase: Case, { step, result }: StepAnswer, policy: Policy): boolean =>
  step === 'draft' &&
  result !== undefined &&
  kase.message !== undefined &&
  facesCustomer(kase.message, policy);

/** A frozen certificate or an alarm escalates whatever comes, as the policy orders: it says nothing of the message either. */
const isOrdered = (answer: StepAnswer, policy: Policy): boolean =>
  answer.failure === undefined && safeguardOf(answer, policy).verdict === 'escalate';

/** Where escalations are stopped, a person decides on what the small model was not sure of. */
function withinLimit(kase: Case, answer: StepAnswer, policy: Policy, judged: Judgement): Judgement {
  if (judged.verdict !== 'escalate' || isMatterOfCourse(kase, answer, policy)) return judged;
  if (answer.tier === 'small' && isOrdered(answer, policy)) return judged;
  const stopped = policy.escalationsStopped;
  return stopped === undefined
    ? { ...judged, doubtful: true }
    : { ...judged, verdict: 'hold', reasons: [stopped, ...judged.reasons], doubtful: true };
}

/**
 * Keep the answer, have the big model work on it, wait until the budget allows that, or let a person decide. Never
 * throws.
 */
export function judge(kase: Case, answer: StepAnswer, policy: Policy, nowMs: number): Judgement {
  if (answer.overBudget !== undefined) return judgeOverBudget(kase, answer, policy, nowMs);
  if (answer.step === 'draft') return withinLimit(kase, answer, policy, judgeDraft(kase, answer, policy));
  return answer.tier === 'small'
    ? withinLimit(kase, answer, policy, judgeSmall(answer, policy))
    : judgeBig(answer, policy);
}
