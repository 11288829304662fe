/**
 * Every way in which Spillway can fail, and what the consumer runtime does about it.
 *
 * - `retry`: try again later, in place and then by delay; bounded, then dead-letter.
 * - `dead-letter`: trying again cannot help; park the event with its error.
 */
export const reactions = {
  /** Bytes that do not parse, or parse to something a schema forbids. */
  malformed: 'dead-letter',
  /** Understood and refused: the same request will be refused again. */
  rejected: 'dead-letter',
  /** What was asked for does not exist. */
  missing: 'dead-letter',
  /** Configuration, pack or environment is not usable. */
  misconfigured: 'dead-letter',
  /** A size limit was passed. */
  too_large: 'dead-letter',
  /** A budget has no room for it until its day or month is over; `retryAfterMs` says when, where waiting helps. */
  over_budget: 'dead-letter',
  /** The other side asks for fewer requests; `retryAfterMs` says when. */
  throttled: 'retry',
  /** The other side cannot answer now. */
  unavailable: 'retry',
  /** The time allowed is over. */
  timed_out: 'retry',
  /** Someone else changed the same thing first. */
  conflict: 'retry',
  /** The caller gave up or the process is stopping. */
  cancelled: 'retry',
  /** Anything that nobody foresaw. */
  unknown: 'retry',
} as const satisfies Record<string, 'retry' | 'dead-letter'>;

export type FaultCode = keyof typeof reactions;

/** What was wrong, where, and what to do. Several problems of one input travel together. */
export interface Problem {
  /** File and line, JSON pointer, or the name of a setting. */
  readonly where: string;
  /** What is wrong there, for the person who must mend it. */
  readonly message: string;
}

export interface FaultDetails {
  readonly cause?: unknown;
  /** Milliseconds after which another try makes sense, when the other side said so. */
  readonly retryAfterMs?: number;
  readonly problems?: readonly Problem[];
  /** How often it was tried in place. Left out: once. */
  readonly attempts?: number;
}

/** The one error type. Its message never holds a secret or a customer's text. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly retryAfterMs: number | undefined;
  readonly problems: readonly Problem[];
  readonly attempts: number;

  constructor(
    readonly code: FaultCode,
    message: string,
    details: FaultDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.retryAfterMs = details.retryAfterMs;
    this.problems = details.problems ?? [];
    this.attempts = details.attempts ?? 1;
  }

  get reaction(): 'retry' | 'dead-letter' {
    return reactions[this.code];
  }

  /** The same fault, as it stands after so many tries. */
  after(attempts: number): Fault {
    const { retryAfterMs, problems } = this;
    return new Fault(this.code, this.message, {
      cause: this.cause ?? this,
      problems,
      attempts,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  /** Lets foreign errors in: a Fault stays itself, an abort becomes `cancelled`, the rest `unknown` with its cause. */
  static from(error: unknown): Fault {
    if (error instanceof Fault) return error;
    if (error instanceof Error && error.name === 'AbortError') {
      return new Fault('cancelled', 'the operation was aborted', { cause: error });
    }
    if (error instanceof Error && error.name === 'TimeoutError') {
      return new Fault('timed_out', 'the time allowed is over', { cause: error });
    }
    const message = error instanceof Error ? error.message : String(error);
    return new Fault('unknown', message, { cause: error });
  }
}
