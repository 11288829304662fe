import { Fault, type FaultCode } from '@spillway/contracts/fault';
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  CountBreaker,
  circuitBreaker,
  handleWhen,
  type IBackoff,
  type IHalfOpenAfterBackoffContext,
} from 'cockatiel';
import type { Layer } from '../language-model.js';

export interface BreakerOptions {
  /** Share of the last `calls` calls, 0 to 1 exclusive, above which the breaker opens. */
  readonly threshold?: number;
  readonly calls?: number;
  /** Calls before any verdict. */
  readonly minimumCalls?: number;
  /** Milliseconds: how long it stays open the first time; doubles while the probe fails. */
  readonly openMs?: number;
  /** Milliseconds: the longest it stays open without a probe. */
  readonly maxOpenMs?: number;
}

/** What says that the endpoint is in trouble (`malformed`: a body that broke off). Anything else is about the request. */
const troubled: ReadonlySet<FaultCode> = new Set(['unavailable', 'timed_out', 'throttled', 'malformed']);

/**
 * Stops calling an endpoint that is in trouble: throws `unavailable` with `retryAfterMs` at once, until one probe has
 * gone well. All models that are wrapped in the same layer share it. Where the endpoint says when to come back, the
 * probe waits for that.
 */
export function breaker(options: BreakerOptions = {}): Layer {
  const { threshold = 0.5, calls = 20, minimumCalls = 5, openMs = 5_000, maxOpenMs = 60_000 } = options;
  let probeAt = 0;

  const pause = (context: IHalfOpenAfterBackoffContext): IBackoff<IHalfOpenAfterBackoffContext> => {
    const asked = 'error' in context.result ? Fault.from(context.result.error).retryAfterMs : undefined;
    const duration = Math.min(maxOpenMs, Math.max(asked ?? 0, openMs * 2 ** (context.attempt - 1)));
    probeAt = Date.now() + duration;
    return { duration, next: pause };
  };

  const policy: CircuitBreakerPolicy = circuitBreaker(
    handleWhen((error) => {
      const { code } = Fault.from(error);
      // A probe that was called off has shown nothing: the breaker stays open.
      return troubled.has(code) || (code === 'cancelled' && policy.state === CircuitState.HalfOpen);
    }),
    {
      breaker: new CountBreaker({ threshold, size: calls, minimumNumberOfCalls: minimumCalls }),
      halfOpenAfter: { next: pause },
    },
  );

  const refuse = (name: string): Fault =>
    new Fault('unavailable', `${name}: not called, too many of its last calls have failed`, {
      retryAfterMs: Math.max(0, probeAt - Date.now()),
    });

  return (model) => ({
    name: model.name,
    embedded: model.embedded,
    async complete(prompt, signal) {
      // cockatiel lets others wait for the probe, and they could not be aborted.
      if (policy.state === CircuitState.HalfOpen) throw refuse(model.name);
      try {
        return await policy.execute(() => model.complete(prompt, signal), signal);
      } catch (error) {
        throw error instanceof BrokenCircuitError ? refuse(model.name) : error;
      }
    },
  });
}
