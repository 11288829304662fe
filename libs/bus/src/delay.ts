import type { Fault } from '@spillway/contracts/fault';
import { type BusRecord, NOT_BEFORE } from './bus.js';

/** How long a record whose handler rejected waits, in milliseconds: doubled with each rejection. */
export interface Redelivery {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Who asks for more has made a mistake: a record that waits keeps its group's offset where it is. */
const LONGEST_MS = 86_400_000;

/**
 * The moment, in milliseconds since the epoch, from which on a record may be handed over: when the log took it in, or
 * what its header asks for, a day later at most.
 */
export function readyAtMs({ headers, timestamp }: BusRecord): number {
  const asked = headers[NOT_BEFORE];
  if (asked === undefined) return timestamp;
  const at = Number(asked);
  return at > timestamp ? Math.min(at, timestamp + LONGEST_MS) : timestamp;
}

/** Milliseconds that a record waits after it was rejected that often before: longer where the fault asks for it. */
export function redeliveryMs({ firstMs, maxMs }: Redelivery, failures: number, fault: Fault): number {
  const backoff = Math.min(maxMs, firstMs * 2 ** failures);
  return Math.max(backoff, Math.min(fault.retryAfterMs ?? 0, LONGEST_MS));
}
