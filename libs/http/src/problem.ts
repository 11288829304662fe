import { STATUS_CODES } from 'node:http';
import { Fault, type FaultCode, type Problem } from '@spillway/contracts/fault';
import { z } from 'zod';

/** What an answer says beside its status. Codes are stable; details are for people and may be reworded. */
const codes = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  missing: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  rejected: 422,
  over_budget: 429,
  throttled: 429,
  misconfigured: 500,
  unknown: 500,
  unavailable: 503,
  cancelled: 503,
  timed_out: 504,
} as const satisfies Record<FaultCode, number> & Record<string, number>;

export type ProblemCode = keyof typeof codes;

const codeNames = Object.keys(codes) as ProblemCode[];

/** One thing that is wrong with a request: where (a JSON pointer into the body, a parameter, a header) and what. */
const problemErrorSchema = z.object({
  pointer: z.string().optional().describe('JSON pointer into the body; empty for the body itself'),
  parameter: z.string().optional().describe('query parameter'),
  header: z.string().optional().describe('request header'),
  where: z.string().optional().describe('part of the server'),
  message: z.string(),
});

/** An error answer: RFC 9457 problem details. */
export const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  code: z.enum(codeNames).describe('stable; for programs'),
  detail: z.string().describe('for people'),
  trace_id: z
    .string()
    .optional()
    .describe('names this request in traces and logs; left out where it has no trace'),
  errors: z.array(problemErrorSchema).optional().describe('every fault of the request'),
});

export type ProblemDetails = z.infer<typeof problemSchema>;

const TITLES: Readonly<Record<number, string | undefined>> = STATUS_CODES;

/** Problem details of a code; an empty trace id is left out. */
export function problem(
  code: ProblemCode,
  detail: string,
  traceId: string,
  problems: readonly Problem[] = [],
): ProblemDetails {
  const status = codes[code];
  return {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    code,
    detail,
    ...(traceId === '' ? {} : { trace_id: traceId }),
    ...(problems.length === 0 ? {} : { errors: problems.map(errorOf) }),
  };
}

/** Problem details of a fault. Says nothing of what is inside where the server itself is to blame. */
export function problemOfFault(fault: Fault, traceId: string): ProblemDetails {
  return codes[fault.code] === 500
    ? problem('unknown', 'something went wrong here; the log has it under this trace id', traceId)
    : problem(fault.code, fault.message, traceId, fault.problems);
}

/** The code for a status that the HTTP framework chose. */
export function codeOfStatus(status: number): ProblemCode {
  const found = codeNames.find((code) => codes[code] === status);
  if (found !== undefined && found !== 'misconfigured') return found;
  return status >= 400 && status < 500 ? 'malformed' : 'unknown';
}

/** Seconds to put into `Retry-After`; undefined where another try cannot help. */
export function retryAfterSeconds(fault: Fault): number | undefined {
  const temporary = codes[fault.code] === 503 || codes[fault.code] === 429;
  return temporary ? Math.max(1, Math.ceil((fault.retryAfterMs ?? 1_000) / 1_000)) : undefined;
}

function errorOf({ where, message }: Problem): z.infer<typeof problemErrorSchema> {
  if (where === '' || where.startsWith('/')) return { pointer: where, message };
  if (where.startsWith('?')) return { parameter: where.slice(1), message };
  if (where.startsWith('header ')) return { header: where.slice('header '.length), message };
  return { where, message };
}
