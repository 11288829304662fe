import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { emit, type Outgoing } from '@spillway/contracts/event';
import {
  AuditKind,
  AuditRecordedSchema,
  AuditRequestedSchema,
  LabelSource,
  PolishPurpose,
  PolishRequestedSchema,
  type StepCompleted,
} from '@spillway/contracts/events';
import type { Case } from '@spillway/policy/case';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { AuditAction } from './audit-action.js';
import { type AuditTicket, digestOf, ticketKey } from './audit-ticket.js';
import { decodeJson } from './case-file.js';
import { answerOf } from './input.js';
import { type Occasion, STEPS } from './output.js';

/** The event that tells the others of one action of the audit. The same action makes the same event. */
export function auditOutgoing(action: AuditAction, kase: Case, occasion: Occasion): Outgoing {
  const { conversationId, messageId, policyVersion } = occasion;
  const { step } = action;
  if (action.type === 'audit') {
    // No more than the small model was told: what other models found would be a hint.
    const request = {
      conversationId,
      messageId,
      text: kase.message?.text ?? '',
      subject: kase.message?.subject ?? '',
      locale: kase.message?.locale ?? '',
      receivedAt: timestampFromMs(kase.message?.receivedAtMs ?? 0),
      task: STEPS[step],
      purpose: PolishPurpose.AUDIT,
    };
    return emit(PolishRequestedSchema, request, `${step}:audit`);
  }
  if (action.type === 'label') {
    const { type: _, step: __, ...terms } = action;
    const requestedAt = timestampFromMs(occasion.atMs);
    const request = { conversationId, messageId, step: STEPS[step], ...terms, policyVersion, requestedAt };
    return emit(AuditRequestedSchema, request, step);
  }
  const { wrong, confidence, threshold, fingerprint } = action;
  return emit(
    AuditRecordedSchema,
    {
      task: step,
      conversationId,
      messageId,
      kind: AuditKind.ESCALATED,
      source: LabelSource.AGREEMENT,
      wrong,
      rate: 1,
      ...(confidence === undefined ? {} : { confidence }),
      threshold,
      fingerprint,
      policyVersion,
      auditedAt: timestampFromMs(occasion.atMs),
    },
    `${step}:escalated`,
  );
}

/**
 * What an audit found: the big model's answer held against the ticket of the small one's. Nothing where the ticket has
 * run out. The same answer again finds the same. Throws `malformed` for an answer that is none.
 */
export async function auditFinding(
  event: StepCompleted,
  state: KeyedState,
  key: () => Promise<string>,
): Promise<readonly Outgoing[]> {
  const { conversationId, messageId, result } = event;
  const answer = answerOf(event);
  const entry = await state.get(ticketKey(conversationId, messageId, answer.step));
  if (entry === undefined) return [];
  const { digest, ...ticket } = decodeJson<AuditTicket>(entry.value);
  const missing = result.case === 'failure' ? result.value.code : '';
  const found = digestOf(await key(), messageId, answer);
  return [
    emit(
      AuditRecordedSchema,
      {
        task: answer.step,
        conversationId,
        messageId,
        kind: AuditKind.SHADOW,
        source: LabelSource.AGREEMENT,
        wrong: missing === '' && found !== digest,
        missing,
        ...ticket,
        ...(event.completedAt === undefined ? {} : { auditedAt: event.completedAt }),
      },
      `${answer.step}:shadow`,
    ),
  ];
}
