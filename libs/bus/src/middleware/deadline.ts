import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import type { Middleware } from './middleware.js';

/**
 * Gives the handling so many milliseconds: then its signal is aborted and it rejects with `timed_out`, whether or not
 * the handler listens. When the outer signal is aborted it does the same with that signal's reason.
 */
export function deadline(ms: number): Middleware {
  return (next) => {
    const listening = listeners();
    return (record, outer) => {
      if (outer.aborted) return Promise.reject(Fault.from(outer.reason));
      return new Promise<readonly Outgoing[]>((resolve, reject) => {
        const controller = new AbortController();
        const stop = (fault: Fault): void => {
          controller.abort(fault);
          reject(fault);
        };
        const timer = setTimeout(() => stop(new Fault('timed_out', `not handled within ${ms} ms`)), ms);
        const stops = listening(outer).add(stop);
        const clear = (): void => {
          clearTimeout(timer);
          stops.delete(stop);
        };
        next(record, controller.signal).then(
          (outputs) => {
            clear();
            resolve(outputs);
          },
          (error: unknown) => {
            clear();
            reject(Fault.from(error));
          },
        );
      });
    };
  };
}

type Stop = (fault: Fault) => void;

/**
 * Who is to be told when a signal is aborted. All records of a subscription share one signal, and a signal searches its
 * listeners whenever one comes or goes: with a thousand records in flight that takes longer than all else here.
 */
function listeners(): (signal: AbortSignal) => Set<Stop> {
  const bySignal = new WeakMap<AbortSignal, Set<Stop>>();
  return (signal) => {
    let stops = bySignal.get(signal);
    if (stops === undefined) {
      const made = new Set<Stop>();
      const tell = (): void => {
        for (const stop of made) stop(Fault.from(signal.reason));
      };
      signal.addEventListener('abort', tell, { once: true });
      bySignal.set(signal, made);
      stops = made;
    }
    return stops;
  };
}
