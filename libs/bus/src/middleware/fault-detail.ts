import type { Fault } from '@spillway/contracts/fault';

/**
 * What of a fault may be stored, logged and traced. Spillway's own faults never quote a customer; a foreign error
 * may (a parser likes to quote what it could not read), so of those only the name is kept.
 */
export function detailOf(fault: Fault): string {
  if (fault.code !== 'unknown') return fault.message;
  return fault.cause instanceof Error ? fault.cause.name : 'unknown';
}
