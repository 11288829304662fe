import { Fault } from '@spillway/contracts/fault';
import type { Layer } from '../language-model.js';

export interface Hold {
  /** Around each attempt at a call; every model that is wrapped in it is held. */
  readonly layer: Layer;
  /**
   * Lets no call begin any more, now or later, and waits for those that run, for at most `timeoutMs`. Calls that come
   * from now on wait until their signals are aborted: they were never sent, so nobody pays for them.
   */
  begin(timeoutMs: number): Promise<void>;
  /** Resolves once a call waits so. */
  readonly waits: Promise<void>;
}

/** A way to stop calling without breaking off what is being paid for. */
export function hold(): Hold {
  let held = false;
  let running = 0;
  const waits = Promise.withResolvers<void>();
  let onIdle = (): void => undefined;

  async function wait(name: string, signal: AbortSignal): Promise<never> {
    waits.resolve();
    await aborted(signal);
    throw new Fault('cancelled', `${name}: not called, the process is stopping`, { cause: signal.reason });
  }

  return {
    layer: (model) => ({
      name: model.name,
      embedded: model.embedded,
      async complete(prompt, signal) {
        if (held) return wait(model.name, signal);
        running += 1;
        try {
          return await model.complete(prompt, signal);
        } finally {
          running -= 1;
          if (running === 0) onIdle();
        }
      },
    }),
    async begin(timeoutMs) {
      held = true;
      if (running > 0) await idleWithin(timeoutMs);
    },
    waits: waits.promise,
  };

  function idleWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
