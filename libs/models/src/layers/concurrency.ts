import { Fault } from '@spillway/contracts/fault';
import type { Layer, Prompt } from '../language-model.js';

export interface ConcurrencyOptions {
  /** Calls at once. */
  readonly limit: number;
  /** Calls that may wait for their turn. One more is turned away with `throttled`, unless it is continued. */
  readonly queue: number;
}

/**
 * Lets at most `limit` calls run at once, the others wait in order, those that are continued first. All models that are
 * wrapped in the same layer share its limit. A call that is aborted while it waits leaves the queue at once.
 *
 * cockatiel's bulkhead does not fit: its waiting calls cannot be aborted, and one that was waiting can be turned away
 * when a new call takes the slot that was meant for it.
 */
export function concurrency({ limit, queue }: ConcurrencyOptions): Layer {
  const waiting = new Set<() => void>();
  /** Each of these had a turn before, so they hold up nobody for long. */
  const continued = new Set<() => void>();
  let running = 0;

  const leave = (): void => {
    // The slot is handed over rather than freed, so that nobody can jump the queue.
    const [next] = continued.size > 0 ? continued : waiting;
    if (next === undefined) running -= 1;
    else next();
  };

  const enter = async (prompt: Prompt, signal: AbortSignal, name: string): Promise<void> => {
    if (signal.aborted) throw gaveUp(signal);
    if (running < limit) {
      running += 1;
      return;
    }
    const line = prompt.continued ? continued : waiting;
    if (line === waiting && waiting.size >= queue) {
      throw new Fault('throttled', `${name}: ${limit} calls run and ${queue} wait already`);
    }
    await new Promise<void>((resolve, reject) => {
      const take = (): void => {
        line.delete(take);
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        line.delete(take);
        reject(gaveUp(signal));
      };
      line.add(take);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  };

  return (model) => ({
    name: model.name,
    embedded: model.embedded,
    async complete(prompt, signal) {
      await enter(prompt, signal, model.name);
      try {
        return await model.complete(prompt, signal);
      } finally {
        leave();
      }
    },
  });
}

const gaveUp = (signal: AbortSignal): Fault =>
  new Fault('cancelled', 'the call was given up while it waited for its turn', { cause: signal.reason });
