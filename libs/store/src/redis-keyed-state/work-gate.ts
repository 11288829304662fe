import { Fault } from '@spillway/contracts/fault';

/** Lets work in until it is closed. */
export interface WorkGate {
  /** Throws `cancelled` once the gate is closed. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Lets nothing in any more, and resolves once all that went in is done. */
  close(): Promise<void>;
}

/** `what` is the thing that is closed, as it stands in a sentence. */
export function workGate(what: string): WorkGate {
  const idle = Promise.withResolvers<void>();
  let open = true;
  let underWay = 0;
  return {
    async run(work) {
      if (!open) throw new Fault('cancelled', `${what} is closed`);
      underWay += 1;
      try {
        return await work();
      } finally {
        underWay -= 1;
        if (!open && underWay === 0) idle.resolve();
      }
    },
    close() {
      open = false;
      if (underWay === 0) idle.resolve();
      return idle.promise;
    },
  };
}
