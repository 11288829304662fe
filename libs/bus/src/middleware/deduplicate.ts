import type { Outgoing } from '@spillway/contracts/event';
import type { Middleware } from './middleware.js';

export interface DeduplicateOptions {
  /** Records remembered. */
  readonly records: number;
  /** Bytes of outputs remembered. */
  readonly bytes: number;
}

/** Few: a repeat comes right behind the first, and what is kept longer only ages into the collector's old space. */
const defaults: DeduplicateOptions = { records: 64, bytes: 4 * 2 ** 20 };

/** Bytes that a remembered record takes besides its outputs' values, roughly. */
const RECORD_BYTES = 300;

const sizeOf = (outputs: readonly Outgoing[]): number =>
  outputs.reduce((bytes, output) => bytes + output.value.length + RECORD_BYTES, RECORD_BYTES);

/**
 * Answers a duplicate of a record that was handled lately, in this process, with the same outputs and without another
 * run of the handler. Duplicates that arrive while the first is under way share its outcome. A failure is not
 * remembered. This saves work; what makes a second run harmless is the handler's own idempotence.
 */
export function deduplicate(options: Partial<DeduplicateOptions> = {}): Middleware {
  const { records, bytes } = { ...defaults, ...options };
  return (next) => {
    const handled = new Map<string, readonly Outgoing[]>();
    let held = 0;
    const remember = (id: string, made: readonly Outgoing[]): void => {
      handled.set(id, made);
      held += sizeOf(made);
      for (const [oldest, outputs] of handled) {
        if (handled.size <= records && held <= bytes) break;
        handled.delete(oldest);
        held -= sizeOf(outputs);
      }
    };
    const underWay = new Map<string, Promise<readonly Outgoing[]>>();
    return (record, signal) => {
      const { id } = record;
      const outputs = handled.get(id);
      if (outputs !== undefined) return Promise.resolve(outputs);
      const running = underWay.get(id);
      if (running !== undefined) return running;
      const promise = next(record, signal).then(
        (made) => {
          underWay.delete(id);
          remember(id, made);
          return made;
        },
        (error: unknown) => {
          underWay.delete(id);
          throw error;
        },
      );
      underWay.set(id, promise);
      return promise;
    };
  };
}
