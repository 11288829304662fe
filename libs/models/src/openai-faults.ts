import { Fault, type FaultCode } from '@spillway/contracts/fault';
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';

/** What an HTTP status from a model endpoint means. */
export function codeOfStatus(status: number): FaultCode {
  switch (status) {
    case 401:
    case 403:
    case 404:
      return 'misconfigured';
    case 408:
      return 'timed_out';
    case 409:
      return 'conflict';
    case 413:
      return 'too_large';
    case 429:
      return 'throttled';
    default:
      return status >= 500 ? 'unavailable' : 'rejected';
  }
}

/** Milliseconds that the endpoint asks to wait for: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date. */
export function retryAfterMs(headers: Headers | undefined, now: number): number | undefined {
  const exact = numberIn(headers?.get('retry-after-ms'));
  if (exact !== undefined) return exact;
  const text = headers?.get('retry-after');
  const seconds = numberIn(text);
  if (seconds !== undefined) return seconds * 1_000;
  const date = text === null || text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function numberIn(text: string | null | undefined): number | undefined {
  return text !== null && text !== undefined && /^\s*\d{1,9}(\.\d{1,9})?\s*$/.test(text)
    ? Number(text)
    : undefined;
}

export const tooLarge = (maxBytes: number): Fault =>
  new Fault('too_large', `the endpoint's answer is longer than ${maxBytes} bytes`);

/**
 * What went wrong with a call. Endpoints quote keys and prompts in what they say, so that only their status and codes are
 * passed on.
 */
export function faultOf(error: unknown, name: string, signal: AbortSignal, now = Date.now()): Fault {
  if (error instanceof Fault) return error;
  if (signal.aborted)
    return new Fault('cancelled', `${name}: the call was aborted`, { cause: signal.reason });
  if (error instanceof APIConnectionTimeoutError) {
    return new Fault('timed_out', `${name}: no connection in time${codeIn(error)}`);
  }
  if (error instanceof APIConnectionError) {
    return new Fault('unavailable', `${name}: no connection${codeIn(error)}`);
  }
  if (error instanceof APIError && typeof error.status === 'number')
    return refused(error, error.status, name, now);
  if (error instanceof SyntaxError)
    return new Fault('malformed', `${name}: the endpoint's answer is not JSON`);
  return Fault.from(error);
}

function refused(error: APIError, status: number, name: string, now: number): Fault {
  const wait = retryAfterMs(error.headers, now);
  return new Fault(
    codeOfStatus(status),
    `${name}: the endpoint answered ${status}${identifier(error.code)}`,
    wait === undefined ? {} : { retryAfterMs: wait },
  );
}

/** The system's code at the bottom of a chain of causes, such as ECONNREFUSED. */
function codeIn(error: Error): string {
  let code = '';
  for (
    let each: unknown = error, depth = 0;
    each instanceof Error && depth < 5;
    each = each.cause, depth += 1
  ) {
    code = identifier((each as NodeJS.ErrnoException).code) || code;
  }
  return code;
}

const identifier = (code: unknown): string =>
  typeof code === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(code) && !code.startsWith('sk-')
    ? ` (${code})`
    : '';
