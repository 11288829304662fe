import { type Case, nextDueMs, unknownCase } from '@spillway/policy/case';
import type { Action } from '@spillway/policy/decide';
import type { AuditAction } from './audit-action.js';

/** What was decided on one event, so that its publication can be repeated word for word. */
export interface Decided {
  readonly eventId: string;
  readonly atMs: number;
  readonly policyVersion: string;
  /** By message: one event can also release replies that waited behind it. */
  readonly actions: readonly {
    readonly messageId: string;
    readonly actions: readonly (Action | AuditAction)[];
    /** Trace of a released reply; absent where it is that of the event. */
    readonly traceparent?: string;
  }[];
}

/** A case as it lies in keyed state. */
export interface CaseFile {
  readonly kase: Case;
  /** The message after this one in the conversation, when it came while this one was open. */
  readonly next?: string;
  /** Trace of a message that waits for an earlier one: what releases it belongs to another trace. */
  readonly traceparent?: string;
  /** When the armed alarm rings; absent when none is armed. */
  readonly alarmAtMs?: number;
  /**
   * The last event of each topic that had an effect. Events of one conversation and topic are handled one after the
   * other, and each counts as done only after its outputs are durable: so only the last of a topic can ever have to
   * be published again.
   */
  readonly last: Readonly<Record<string, Decided>>;
}

/** What an alarm carries to the clock. */
export interface AlarmPayload {
  readonly conversationId: string;
  readonly messageId: string;
  readonly traceparent: string;
}

export const emptyFile: CaseFile = { kase: unknownCase, last: {} };

export const caseKey = (conversationId: string, messageId: string): string =>
  `case:{${conversationId}}:${messageId}`;
/** What the customer wrote, apart from the case: it is written once, the case at every event. */
export const messageKey = (conversationId: string, messageId: string): string =>
  `case-message:{${conversationId}}:${messageId}`;
export const conversationKey = (conversationId: string): string => `conversation:{${conversationId}}`;
export const alarmKey = (conversationId: string, messageId: string): string =>
  `alarm:{${conversationId}}:${messageId}`;

const fromUtf8 = new TextDecoder();

/** In Node's pool of small buffers: one of its own for each case costs more than to write into it. */
export const encodeJson = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
export const decodeJson = <T>(bytes: Uint8Array): T => JSON.parse(fromUtf8.decode(bytes)) as T;

/** Whether the case has a message that is kept apart from it. */
export const hasMessage = ({ phase }: Case): boolean => phase !== 'unknown' && phase !== 'settled';

/**
 * What is saved at every event: the case without its message. A settled one keeps what recognises a repeated event, and
 * nothing that a customer wrote.
 */
export function trimmed(file: CaseFile): CaseFile {
  const { phase } = file.kase;
  if (phase === 'settled') return { kase: { phase, steps: {}, behind: false }, last: file.last };
  const { message: _, ...kase } = file.kase;
  return { ...file, kase };
}

/**
 * What the alarm of a case must be set to; `keep` where it may stay as it is.
 *
 * @param rang the armed alarm has rung: it is spent, whether or not anything was late
 */
export function alarmChange(file: CaseFile, rang: boolean): { readonly at: number } | 'disarm' | 'keep' {
  const due = file.kase.phase === 'open' ? nextDueMs(file.kase) : undefined;
  if (due === undefined) return file.alarmAtMs === undefined ? 'keep' : 'disarm';
  // An alarm that rings early is cheaper than moving it at every step: it is then set anew.
  return !rang && file.alarmAtMs !== undefined && file.alarmAtMs <= due ? 'keep' : { at: due };
}
