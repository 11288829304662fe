import type { Outgoing } from '@spillway/contracts/event';
import type { Case } from '@spillway/policy/case';
import type { Action } from '@spillway/policy/decide';
import type { AuditAction } from './audit-action.js';
import { auditOutgoing } from './audit-output.js';
import { type Decided, emptyFile } from './case-file.js';
import { type Occasion, outgoing } from './output.js';

/** Requests need the message's text, which a settled case no longer has: by then they were answered. */
const canBeMade = ({ type }: Action | AuditAction, kase: Case): boolean =>
  kase.message !== undefined || (type !== 'draft' && type !== 'ask-big' && type !== 'audit');

const told = (action: Action | AuditAction, kase: Case, occasion: Occasion): Outgoing =>
  action.type === 'audit' || action.type === 'label' || action.type === 'compared'
    ? auditOutgoing(action, kase, occasion)
    : outgoing(action, kase, occasion);

/** What is to be published because of an event; `cases` are those of the messages that it decided on. */
export function published(
  conversationId: string,
  decided: Decided,
  cases: readonly Case[],
): readonly Outgoing[] {
  const { atMs, policyVersion } = decided;
  return decided.actions.flatMap(({ messageId, actions, traceparent }, index) => {
    const kase = cases[index] ?? emptyFile.kase;
    const occasion = { conversationId, messageId, atMs, policyVersion };
    const events = actions
      .filter((action) => canBeMade(action, kase))
      .map((action) => told(action, kase, occasion));
    return traceparent === undefined
      ? events
      : events.map((event) => ({ ...event, headers: { traceparent } }));
  });
}
