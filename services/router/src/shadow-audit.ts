import { binOf } from '@spillway/confidence/early-warning';
import { sampled } from '@spillway/confidence/shadow-sample';
import type { Case, StepAnswer } from '@spillway/policy/case';
import type { Shadow } from '@spillway/policy/certificate';
import { comparable } from '@spillway/policy/comparison';
import type { Input, Turn } from '@spillway/policy/decide';
import type { Policy, TaskName } from '@spillway/policy/policy';
import { safeguardOf } from '@spillway/policy/safeguard';
import type { Change } from '@spillway/store/keyed-state';
import type { AuditAction, DrawnTerms } from './audit-action.js';
import { type AuditTicket, digestOf, TICKET_MS, ticketKey } from './audit-ticket.js';
import { encodeJson } from './case-file.js';

/** One event of one message, and what was decided on it. */
export interface Occurrence {
  readonly conversationId: string;
  readonly messageId: string;
  readonly before: Case;
  readonly input: Input;
  readonly turn: Turn;
}

export interface AuditPlan {
  readonly actions: readonly AuditAction[];
  /** To be written with the case. */
  readonly changes: readonly Change[];
}

const nothing: AuditPlan = { actions: [], changes: [] };

/**
 * What is to be audited because of one event. A kept answer of the small model is drawn by a keyed hash of the message's
 * id and the step, so that its content has no say, and the same event draws alike again. Its confidence sets the rate
 * where the policy asks for that, and the rate stands in the audit. It is put before the big model or a person, as the
 * policy says. The big model is asked for no reply: two good ones are never equal.
 */
export async function auditPlan(
  occurrence: Occurrence,
  policy: Policy,
  auditKey: () => Promise<string>,
): Promise<AuditPlan> {
  const compared = comparison(occurrence, policy);
  const candidates = candidatesOf(occurrence.turn, policy);
  if (compared === undefined && candidates.length === 0) return nothing;
  const key = candidates.length === 0 ? '' : await auditKey();
  const drawn = candidates.flatMap((each) => draw(each, occurrence, policy, key));
  return {
    actions: [...(compared === undefined ? [] : [compared]), ...drawn.map(({ action }) => action)],
    changes: drawn.flatMap(({ change }) => (change === undefined ? [] : [change])),
  };
}

interface Candidate {
  readonly step: TaskName;
  readonly answer: StepAnswer;
  readonly by: NonNullable<Shadow['by']>;
  readonly terms: DrawnTerms;
}

/** The small answers that this event kept, of tasks that are audited. */
function candidatesOf({ kase, actions }: Turn, policy: Policy): readonly Candidate[] {
  return actions.flatMap((action) => {
    if (action.type !== 'decided' || action.verdict !== 'accept' || action.tier !== 'small') return [];
    const { step, threshold } = action;
    const { shadow } = policy.tasks[step];
    const answer = kase.steps[step]?.answer;
    if (shadow === undefined || answer === undefined) return [];
    const { by = 'model' } = shadow;
    const terms: DrawnTerms = {
      rate: rateOf(shadow, answer),
      ...(answer.confidence === undefined ? {} : { confidence: answer.confidence }),
      ...(threshold === undefined ? {} : { threshold }),
      fingerprint: answer.fingerprint ?? '',
    };
    return [{ step, answer, by, terms }];
  });
}

const rateOf = ({ rate, rates }: Shadow, { confidence }: StepAnswer): number =>
  rates === undefined || confidence === undefined ? rate : (rates[binOf(confidence, rates.length)] ?? rate);

/** The request of an answer that is drawn, and the ticket where a model is asked: a person's label tells by itself. */
function draw(
  { step, answer, by, terms }: Candidate,
  { conversationId, messageId }: Occurrence,
  policy: Policy,
  key: string,
): readonly { readonly action: AuditAction; readonly change?: Change }[] {
  if (!sampled({ key, id: `${messageId}/${step}`, rate: terms.rate })) return [];
  if (by === 'person') return [{ action: { type: 'label', step, ...terms } }];
  const digest = digestOf(key, messageId, answer);
  if (digest === undefined) return [];
  const ticket: AuditTicket = {
    ...terms,
    digest,
    policyVersion: policy.version,
  };
  const place = ticketKey(conversationId, messageId, step);
  return [
    {
      action: { type: 'audit', step },
      change: { kind: 'put', key: place, value: encodeJson(ticket), ttlMs: TICKET_MS },
    },
  ];
}

/** Where both models have answered an escalated step, the big one's word is a label that costs nothing. */
function comparison({ before, input }: Occurrence, policy: Policy): AuditAction | undefined {
  if (input.type !== 'answered' || input.answer.tier !== 'big') return undefined;
  const { step } = input.answer;
  const state = before.steps[step];
  if (before.phase !== 'open' || state?.awaiting?.tier !== 'big' || state.answer?.tier !== 'small') {
    return undefined;
  }
  const [small, big] = [comparable(state.answer), comparable(input.answer)];
  return small === undefined || big === undefined
    ? undefined
    : { type: 'compared', step, wrong: small !== big, ...circumstances(state.answer, policy) };
}

const circumstances = (answer: StepAnswer, policy: Policy) => ({
  ...(answer.confidence === undefined ? {} : { confidence: answer.confidence }),
  threshold: safeguardOf(answer, policy).threshold,
  fingerprint: answer.fingerprint ?? '',
});
