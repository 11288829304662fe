/** How many messages may escalate before escalations are stopped. */
export interface EscalationLimit {
  /** Share of messages, 0 to 1. */
  readonly share: number;
  /** Milliseconds over which messages are counted, up to now. */
  readonly windowMs: number;
  /** Messages in the window before there is any verdict. */
  readonly minMessages: number;
}

export interface Tally {
  readonly messages: number;
  /** Messages that the small models were not sure of, so that the big one was asked, or would have been. */
  readonly escalated: number;
}

/** What the last messages came to. Plain data. */
export interface EscalationWindow {
  /** Oldest first; each counts the messages of one part of the window. */
  readonly parts: readonly (Tally & { readonly from: number })[];
  /** Whether escalations are stopped. */
  readonly stopped: boolean;
}

export const emptyWindow: EscalationWindow = { parts: [], stopped: false };

/** Parts of a window: it slides by one of them at a time. */
const PARTS = 60;
/** Escalations go on once their share is down to this part of the limit: not at the limit, where it would flutter. */
const RECOVERED = 0.8;

/** All messages of a window. */
export const totalOf = ({ parts }: EscalationWindow): Tally => ({
  messages: parts.reduce((sum, { messages }) => sum + messages, 0),
  escalated: parts.reduce((sum, { escalated }) => sum + escalated, 0),
});

/**
 * The window with one more tally in it, as it stands at `nowMs` (milliseconds since the epoch): what is older than the
 * window no longer counts. Escalations are stopped while their share is over the limit, until it is well under it; with
 * too few messages for a verdict they are not.
 */
export function counted(
  window: EscalationWindow,
  tally: Tally,
  limit: EscalationLimit,
  nowMs: number,
): EscalationWindow {
  const { parts, stopped } = window;
  const now = Math.floor((nowMs / limit.windowMs) * PARTS);
  const oldest = parts[0]?.from ?? now;
  // Asked at every event, and most of them change nothing.
  if (tally.messages === 0 && tally.escalated === 0 && oldest > now - PARTS) return window;
  const young = parts.filter(({ from }) => from > now - PARTS);
  const last = young.at(-1);
  // A clock that went back counts in the newest part.
  const current = last !== undefined && last.from >= now ? last : { from: now, messages: 0, escalated: 0 };
  const grown = {
    from: current.from,
    messages: current.messages + tally.messages,
    escalated: current.escalated + tally.escalated,
  };
  const sliding = [...(current === last ? young.slice(0, -1) : young), grown];
  const { messages, escalated } = totalOf({ parts: sliding, stopped });
  const most = limit.share * messages * (stopped ? RECOVERED : 1);
  return { parts: sliding, stopped: messages >= limit.minMessages && escalated > most };
}
