import type { Case, StepAnswer } from './case.js';
import { facesCustomer } from './depth.js';
import { type Judgement, shown } from './judgement.js';
import type { Policy } from './policy.js';
import { safeguardOf } from './safeguard.js';

/** The small model's answer that could stand in for one that the budget did not allow. */
function standIn(kase: Case, answer: StepAnswer): StepAnswer | undefined {
  const small = kase.steps[answer.step === 'polish' ? 'draft' : answer.step]?.answer;
  return small?.tier === 'small' && small.result !== undefined ? small : undefined;
}

/**
 * What becomes of an answer that there is none of because the budget is full. A small model that may not be called leads
 * to no call of the big one, which would cost more: a person decides, or the message waits.
 */
export function judgeOverBudget(kase: Case, answer: StepAnswer, policy: Policy, nowMs: number): Judgement {
  const cause = `no result from the ${answer.tier} model: ${answer.failure ?? 'over_budget'}`;
  const rule = policy.budgets?.atCap ?? { rule: 'hold' };
  const hold = (...reasons: readonly string[]): Judgement => ({
    verdict: 'hold',
    reasons: [...reasons, cause],
  });
  if (rule.rule === 'queue') return waitOrHold(answer, rule.longestWaitMs, nowMs, cause);
  if (rule.rule === 'hold' || answer.tier === 'small') return hold();
  const small = standIn(kase, answer);
  if (small?.confidence === undefined)
    return hold('the budget is full, and there is no small answer to keep');
  const safeguard = safeguardOf(small, policy);
  if (safeguard.verdict !== undefined) return hold('the budget is full', ...safeguard.reasons);
  const threshold = rule.floor;
  const compared = `confidence ${shown(small.confidence)} of the small model`;
  if (small.confidence < threshold) {
    return {
      ...hold(`the budget is full, and ${compared} is under the floor ${shown(threshold)}`),
      threshold,
    };
  }
  const read = kase.message !== undefined && facesCustomer(kase.message, policy);
  if (answer.step === 'polish' && read && !rule.customerFacing) {
    return { ...hold('the budget is full, and a customer would read the draft unpolished'), threshold };
  }
  return {
    verdict: 'accept',
    reasons: [`the budget is full: ${compared} reaches the floor ${shown(threshold)}`, cause],
    threshold,
  };
}

function waitOrHold(answer: StepAnswer, longestWaitMs: number, nowMs: number, cause: string): Judgement {
  const untilMs = answer.overBudget?.untilMs;
  if (untilMs === undefined) {
    return { verdict: 'hold', reasons: ['the call costs more than the budget ever allows', cause] };
  }
  const at = new Date(untilMs).toISOString();
  if (untilMs - nowMs > longestWaitMs) {
    const hours = longestWaitMs / 3_600_000;
    return { verdict: 'hold', reasons: [`the budget is full until ${at}, over ${hours} h from now`, cause] };
  }
  return {
    verdict: 'wait',
    reasons: [`the budget is full: the big model is asked at ${at}`, cause],
    untilMs,
  };
}
