import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { StepCompletedSchema } from '@spillway/contracts/events';
import type { Fault, FaultCode } from '@spillway/contracts/fault';
import { ConfidenceSource, type StepFailure } from '@spillway/contracts/model';

/** The part of a completed step that says why there is no result. */
export type Failed = Pick<MessageInitShape<typeof StepCompletedSchema>, 'result' | 'confidence'>;

/** For an operator, at `now` in milliseconds since the epoch: codes, places and what the endpoint answered, never what a customer wrote. */
export function failed(fault: Fault, now: () => number): Failed {
  const places = fault.problems.map(({ where, message }) => `${where} ${message}`).join('; ');
  // Messages of errors that nobody foresaw can quote anything.
  const message = fault.code === 'unknown' ? `unexpected ${nameOf(fault.cause)}` : fault.message;
  const detail = places === '' ? message : `${message} (${places})`;
  return {
    result: { case: 'failure', value: { code: fault.code, detail, ...retryAt(fault, now) } },
    confidence: { source: ConfidenceSource.NONE },
  };
}

/** Only a budget says when it has room for sure; what an endpoint asks for was waited for already. */
const retryAt = (
  { code, retryAfterMs }: Fault,
  now: () => number,
): Pick<StepFailure, 'retryAt'> | undefined =>
  code === 'over_budget' && retryAfterMs !== undefined
    ? { retryAt: timestampFromMs(now() + retryAfterMs) }
    : undefined;

const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : typeof cause);

/** Whether a full budget is why there is no result: then no call was made. */
export const isOverBudget = ({ result }: Pick<Failed, 'result'>): boolean =>
  result?.case === 'failure' && result.value.code === ('over_budget' satisfies FaultCode);
