import { createHmac, randomBytes } from 'node:crypto';
import { Fault } from '@spillway/contracts/fault';
import type { StepAnswer } from '@spillway/policy/case';
import { comparable } from '@spillway/policy/comparison';
import type { TaskName } from '@spillway/policy/policy';
import type { KeyedState } from '@spillway/store/keyed-state';
import type { DrawnTerms } from './audit-action.js';

/** What is kept of a small answer until its audit is in: enough to compare with, and none of the customer's words. */
export interface AuditTicket extends DrawnTerms {
  /** Keyed hash of the answer. */
  readonly digest: string;
  readonly policyVersion: string;
}

/** Longer than any event can take to be delivered. */
export const TICKET_MS = 7 * 86_400_000;

export const ticketKey = (conversationId: string, messageId: string, step: TaskName): string =>
  `audit:{${conversationId}}:${messageId}:${step}`;

/** The answer as a ticket keeps it; undefined where there is nothing to compare. */
export function digestOf(key: string, messageId: string, answer: StepAnswer): string | undefined {
  const form = comparable(answer);
  return form === undefined
    ? undefined
    : createHmac('sha256', key).update(`answer\n${messageId}\n${form}`).digest('base64url');
}

const AUDIT_KEY = 'audit-key:{audit}';
const KEY_BYTES = 32;

/**
 * The secret that draws messages for the audit: one for all processes, made by the first that asks. Who does not know it
 * cannot tell which messages will be audited. Once it is read, it is remembered.
 */
export function auditKey(state: KeyedState): () => Promise<string> {
  let known: string | undefined;
  return async () => {
    known ??= Buffer.from((await state.get(AUDIT_KEY))?.value ?? (await makeKey(state))).toString('hex');
    return known;
  };
}

async function makeKey(state: KeyedState): Promise<Uint8Array> {
  const value = randomBytes(KEY_BYTES);
  try {
    await state.write([{ kind: 'put', key: AUDIT_KEY, value, expect: 0 }]);
    return value;
  } catch (error) {
    const fault = Fault.from(error);
    const others = fault.code === 'conflict' ? await state.get(AUDIT_KEY) : undefined;
    if (others === undefined) throw fault;
    return others.value;
  }
}
