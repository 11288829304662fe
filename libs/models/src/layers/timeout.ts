import { Fault } from '@spillway/contracts/fault';
import type { Layer } from '../language-model.js';

/**
 * Gives each call `ms` milliseconds; after that the call is aborted and the layer throws `timed_out`. An abort by the
 * caller stays the caller's: what the model makes of it is passed on.
 */
export const timeout =
  (ms: number): Layer =>
  (model) => ({
    name: model.name,
    embedded: model.embedded,
    async complete(prompt, signal) {
      let late: Fault | undefined;
      const controller = new AbortController();
      const pass = (): void => controller.abort(signal.reason);
      if (signal.aborted) pass();
      signal.addEventListener('abort', pass, { once: true });
      const timer = setTimeout(() => {
        late = new Fault('timed_out', `${model.name}: no answer within ${ms} ms`);
        controller.abort(late);
      }, ms);
      try {
        return await model.complete(prompt, controller.signal);
      } catch (error) {
        throw late !== undefined && controller.signal.reason === late ? late : error;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', pass);
      }
    },
  });
