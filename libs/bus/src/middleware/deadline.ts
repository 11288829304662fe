import type { Outgoing } from '@spillway/contracts/event';
import { Fault } from '@spillway/contracts/fault';
import type { Middleware } from './middleware.js';

/**
 * Gives the handling so many milliseconds: then its signal is aborted and it rejects with `timed_out`, whether or not
 * the handler listens. When the outer signal is aborted it does the same with that signal's reason.
 */
export function deadline(ms: number): Middleware {
  return (next) => (record, outer) => {
    if (outer.aborted) return Promise.reject(Fault.from(outer.reason));
    return new Promise<readonly Outgoing[]>((resolve, reject) => {
      const controller = new AbortController();
      const stop = (fault: Fault): void => {
        controller.abort(fault);
        reject(fault);
      };
      const onAbort = (): void => stop(Fault.from(outer.reason));
      const timer = setTimeout(() => stop(new Fault('timed_out', `not handled within ${ms} ms`)), ms);
      const clear = (): void => {
        clearTimeout(timer);
        outer.removeEventListener('abort', onAbort);
      };
      outer.addEventListener('abort', onAbort);
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
}
