import type { Calls } from '@spillway/models/runner';

/** Calls that nobody keeps: what a bench asks costs nothing. */
export const recordedNowhere: Calls = {
  once: async (_callId, _leaseMs, work) => ({ result: await work(), recorded: false }),
};
